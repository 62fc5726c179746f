//! Names of the NVIDIA target.

/// The PTX version that LLVM would write.
pub mod ptx_version {
    use core::fmt;

    /// A PTX version; none exists here, since NVRTC writes its own.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct PtxVersion(core::convert::Infallible);

    impl PtxVersion {
        /// None: nothing here writes PTX.
        #[must_use]
        pub fn for_driver(_driver: i32) -> Option<Self> {
            None
        }
    }

    impl fmt::Display for PtxVersion {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self.0 {}
        }
    }
}

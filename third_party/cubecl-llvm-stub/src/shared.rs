//! Names shared by the LLVM compiler's targets.

/// What a device may be said to do.
pub mod lowered_features {
    use cubecl_core::ir::DeviceProperties;

    /// The GPU target whose features would be narrowed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum GpuTarget {
        Nvptx,
    }

    /// Narrows nothing: `cubecl-cuda` asks only when LLVM is its compiler, and then no kernel
    /// compiles at all.
    pub fn restrict_features(_properties: &mut DeviceProperties, _target: GpuTarget) {}
}

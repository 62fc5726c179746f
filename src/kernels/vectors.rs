//! Code compiled once for each width of vector instructions and chosen when it runs.

/// Defines a function that runs `plain::<FUSED>`, an `#[inline(always)]` function, compiled for the
/// widest vector instructions that the processor has; `FUSED` says that multiply-adds are one
/// instruction there.
macro_rules! widest {
    ($(#[$about:meta])* fn $name:ident($($argument:ident: $kind:ty),* $(,)?) = $plain:ident) => {
        $(#[$about])*
        pub(super) fn $name($($argument: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,fma")]
                fn of_512_bits($($argument: $kind),*) {
                    $plain::<true>($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn of_256_bits($($argument: $kind),*) {
                    $plain::<true>($($argument),*);
                }
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                    // SAFETY: the processor has these instructions.
                    return unsafe { of_512_bits($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has these instructions.
                    return unsafe { of_256_bits($($argument),*) };
                }
            }
            $plain::<{ cfg!(target_arch = "aarch64") }>($($argument),*);
        }
    };
}

pub(super) use widest;

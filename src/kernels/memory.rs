//! Memory that a training step frees is kept for the next one.

/// Tells the C library's allocator to keep what is freed, up to 2 GiB, in place of giving it back to
/// the kernel.
///
/// A step on the CPU makes and drops hundreds of tensors of megabytes. By default glibc maps each of
/// them anew, and the kernel clears every page again: a third of a convolutional net's step. The
/// process keeps the most memory that it had in use. It does nothing where the allocator is another.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `mallopt` only sets numbers of the allocator and takes any value; the threshold above
    // which allocations are mapped on their own is the largest that glibc takes.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

import CLinux

/// What a process does so that it holds no memory that it no longer needs.
package enum ProcessMemory {
    /// Gives the memory of large blocks, such as output, back to the system as soon as they are freed.
    package static func returnLargeBlocks() {
        qkron_return_large_blocks()
    }
}

import CLinux

/// What a process does to itself so that commands stay within reach and strangers stay out.
package enum ProcessProtection {
    /// Makes descendants that lose their parent children of this process instead of init's.
    package static func becomeSubreaper() {
        _ = qkron_become_subreaper()
    }

    /// Keeps processes of the same user from reading this one's memory, environment and descriptors; no core dumps.
    package static func makeUndumpable() {
        _ = qkron_make_undumpable()
    }
}

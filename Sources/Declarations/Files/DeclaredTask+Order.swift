import Domain

extension [DeclaredTask] {
    /// A task that would have to complete before itself; nil where there is none.
    var dependencyCircle: DeclaredTask? {
        let ordered = Set(inOrder.map { TextKey($0.name) })
        return first { !ordered.contains(TextKey($0.name)) }
    }

    /// The tasks, each after those of its file that it depends on; those in a circle are left out.
    package var inOrder: [DeclaredTask] {
        let known = Set(map { TextKey($0.name) })
        var done: Set<TextKey> = []
        var ordered: [DeclaredTask] = []
        var rest = self
        while true {
            let ready = rest.filter { task in
                task.dependencies.map { TextKey($0) }.allSatisfy { done.contains($0) || !known.contains($0) }
            }
            guard !ready.isEmpty else { return ordered }
            ordered += ready
            done.formUnion(ready.map { TextKey($0.name) })
            rest = rest.filter { !done.contains(TextKey($0.name)) }
        }
    }
}

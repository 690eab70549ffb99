/// Everything wrong with a file.
package struct FileFaults: Error, Sendable, CustomStringConvertible {
    /// One thing that is wrong.
    struct Fault: Sendable, Equatable {
        let line: Int?
        let sentence: String
    }

    let path: String
    let faults: [Fault]

    /// A line for each, as compilers write them: the file, the line, the fault.
    package var description: String {
        faults.map { fault in
            "\(path):\(fault.line.map { "\($0):" } ?? "") \(fault.sentence)"
        }.joined(separator: "\n")
    }
}

extension [FileFaults.Fault] {
    /// As the lines of the file come.
    var inOrder: Self {
        enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }.map(\.element)
    }
}

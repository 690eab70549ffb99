/// What the system holds each process of a command to (setrlimit(2), setpriority(2)); nil: as the executor itself.
package struct RunLimits: Sendable, Equatable {
    /// Seconds of processor time of one process: then SIGXCPU, and SIGKILL a second later.
    package var cpuSeconds: Int?
    /// Bytes of address space of one process.
    package var memoryBytes: Int?
    /// Descriptors that one process may have open.
    package var openFiles: Int?
    /// Processes of the command's system user beyond which it can start none: those of other commands count too.
    package var processes: Int?
    /// The nice value, 0 to 19.
    package var nice: Int?

    /// Nothing is limited.
    package static let none = RunLimits()

    /// Each of them in the order of the wire.
    private static let fields: [any WritableKeyPath<RunLimits, Int?> & Sendable] = [
        \.cpuSeconds, \.memoryBytes, \.openFiles, \.processes, \.nice,
    ]

    func encode(into writer: inout FrameWriter) {
        for field in Self.fields { writer.put(Int64(self[keyPath: field] ?? -1)) }
    }

    init(from reader: inout FrameReader) throws {
        for field in Self.fields {
            let value = Int(try reader.integer(Int64.self))
            self[keyPath: field] = value < 0 ? nil : value
        }
    }

    private init() {}
}

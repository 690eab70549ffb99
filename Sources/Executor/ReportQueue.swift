import Glibc

/// Reports on their way to the server.
///
/// A slow server makes nothing grow but the number of ended runs, which is bounded by the runs it started; they are cut
/// into frames only as the socket takes them, by turns.
struct ReportQueue {
    private static let chunk = 1 << 16
    private var writer = FrameWriter()
    private var written = 0
    private var ended: [EndedOutput] = []

    var isEmpty: Bool {
        written == writer.bytes.count && ended.isEmpty
    }

    mutating func append(_ report: ExecutorReport) {
        report.encode(into: &writer)
    }

    mutating func append(_ end: EndedOutput) {
        ended.append(end)
    }

    /// Writes as much as the socket takes; false once it is broken.
    mutating func flush(to socket: Int32) -> Bool {
        while true {
            fill()
            guard written < writer.bytes.count else { return true }
            let count = writer.bytes.withUnsafeBytes {
                send(socket, $0.baseAddress?.advanced(by: written), $0.count - written, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN
            }
            written += count
        }
    }

    private mutating func fill() {
        // Also in the middle: a reader that never quite catches up must not make us keep all that it has read.
        if written == writer.bytes.count || written > 4 * Self.chunk {
            writer.removeFirst(written)
            written = 0
        }
        var turn = 0
        while turn < ended.count, writer.bytes.count - written < 4 * Self.chunk {
            if let (part, bytes) = ended[turn].next(atMost: Self.chunk) {
                ExecutorReport.output(run: ended[turn].run, part, Array(bytes)).encode(into: &writer)
            }
            if ended[turn].parts.isEmpty {
                ExecutorReport.ended(run: ended[turn].run, ended[turn].end).encode(into: &writer)
                ended[turn].isReported = true
            }
            turn += 1
        }
        let unfinished = ended[..<turn].filter { !$0.isReported }
        ended.removeFirst(turn)
        ended.append(contentsOf: unfinished)
    }
}

/// A run that has ended, and what is still to be sent of its output.
struct EndedOutput {
    let run: UInt64
    let key: RunKey
    let end: EndedRun
    fileprivate var parts: [(OutputPart, ArraySlice<UInt8>)]
    fileprivate var isReported = false

    init(run: UInt64, key: RunKey, end: EndedRun, output: OutputWindow, error: OutputWindow) {
        self.run = run
        self.key = key
        var end = end
        end.outputTotal = Int64(output.total)
        end.errorTotal = Int64(error.total)
        self.end = end
        let parts =
            [(OutputPart.outputHead, output.head[...])] + output.tail.map { (.outputTail, $0) }
            + [(.errorHead, error.head[...])] + error.tail.map { (.errorTail, $0) }
        self.parts = parts.filter { !$0.1.isEmpty }
    }

    /// How many bytes of output were kept.
    var size: Int {
        parts.reduce(0) { $0 + $1.1.count }
    }

    fileprivate mutating func next(atMost count: Int) -> (OutputPart, ArraySlice<UInt8>)? {
        guard let (part, bytes) = parts.first else { return nil }
        if bytes.count <= count {
            parts.removeFirst()
        } else {
            parts[0].1 = bytes.dropFirst(count)
        }
        return (part, bytes.prefix(count))
    }
}

import Foundation
import Synchronization

/// A piece of each stream of a run that goes on.
struct ShownOutput: Sendable, Equatable {
    /// No more of a stream is shown at once.
    static let limit = 64 * 1024

    /// Bytes as they were written, and where they begin.
    struct Piece: Sendable, Equatable {
        let start: Int64
        let bytes: [UInt8]
    }

    let output: Piece
    let error: Piece

    /// What a run has written from these offsets on.
    init(_ run: CommandRun?, outputFrom: Int64, errorFrom: Int64) {
        output = Self.piece(of: run?.output.window, from: outputFrom)
        error = Self.piece(of: run?.error.window, from: errorFrom)
    }

    private static func piece(of window: OutputWindow?, from offset: Int64) -> Piece {
        guard let window else { return Piece(start: offset, bytes: []) }
        let (start, bytes) = window.piece(from: max(0, Int(offset)), atMost: limit)
        return Piece(start: Int64(start), bytes: Array(bytes))
    }

    init(output: Piece, error: Piece) {
        self.output = output
        self.error = error
    }

    func encode(into writer: inout FrameWriter) {
        for piece in [output, error] {
            writer.put(piece.start)
            writer.put(piece.bytes)
        }
    }

    init(from reader: inout FrameReader) throws {
        output = Piece(start: try reader.integer(), bytes: Array(try reader.data()))
        error = Piece(start: try reader.integer(), bytes: Array(try reader.data()))
    }
}

/// What a run that goes on has written to a stream, as far as it can be read by now.
package struct ShownText: Sendable, Equatable {
    /// Where it begins, in bytes as they were written; later than was asked for where those were not kept.
    package let start: Int
    /// Where it ends: before a character that has not come whole yet.
    package let end: Int
    /// Readable as `CapturedOutput` is.
    package let text: String

    init(_ piece: ShownOutput.Piece, askedFrom offset: Int) {
        // After a gap it may begin within a character.
        let isTorn = piece.start > offset
        let bytes = isTorn ? ReadableUTF8.withoutTornStart(piece.bytes) : piece.bytes
        let whole = ReadableUTF8.withoutTornEnd(bytes)
        start = Int(piece.start) + piece.bytes.count - bytes.count
        end = start + whole.count
        text = ReadableUTF8.text(of: whole[...])
    }
}

extension ExecutorClient {
    /// What a run has written from these offsets on, at most 64 KiB of each stream; nil where it cannot be told, as for
    /// a run that is over.
    package func output(
        executionID: UUID, fencingToken: Int, stdoutFrom: Int, stderrFrom: Int
    ) async -> (stdout: ShownText, stderr: ShownText)? {
        let key = RunKey(executionID: executionID, fencingToken: Int64(fencingToken))
        let shown = await withCheckedContinuation { viewer in
            let isAsked = state.withLock { state in
                state.show(key, outputFrom: Int64(stdoutFrom), errorFrom: Int64(stderrFrom), viewer)
            }
            if !isAsked { viewer.resume(returning: nil) }
        }
        return shown.map {
            (ShownText($0.output, askedFrom: stdoutFrom), ShownText($0.error, askedFrom: stderrFrom))
        }
    }
}

extension ExecutorClient.State {
    /// Asks the executor of a run for its output; false where there is none that could answer.
    fileprivate mutating func show(
        _ key: RunKey, outputFrom: Int64, errorFrom: Int64, _ viewer: Viewers.Viewer
    ) -> Bool {
        guard !isDetached, let (number, run) = runs.first(where: { $0.value.key == key }), let place = run.place,
            let link = links[place], link.peer.greeting.version >= 5
        else { return false }
        viewers.add(viewer, of: number, at: place)
        link.connection.send(.showOutput(run: number, outputFrom: outputFrom, errorFrom: errorFrom))
        return true
    }
}

/// Those who wait to be shown the output of runs; an executor answers them in their order.
struct Viewers {
    typealias Viewer = CheckedContinuation<ShownOutput?, Never>

    private var waiting: [(number: UInt64, place: ExecutorPlace, viewer: Viewer)] = []

    mutating func add(_ viewer: Viewer, of number: UInt64, at place: ExecutorPlace) {
        waiting.append((number, place, viewer))
    }

    /// Whoever asked for the output of this run first.
    mutating func take(_ number: UInt64, at place: ExecutorPlace) -> Viewer? {
        let index = waiting.firstIndex { $0.number == number && $0.place == place }
        return index.map { waiting.remove(at: $0).viewer }
    }

    /// Tells those who wait for an executor, or for any, that it will not answer.
    mutating func dismiss(from place: ExecutorPlace? = nil) {
        for entry in waiting where place == nil || entry.place == place { entry.viewer.resume(returning: nil) }
        waiting.removeAll { place == nil || $0.place == place }
    }
}

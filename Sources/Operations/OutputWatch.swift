import Domain
import Foundation
import Storage

/// One person's view of an execution's output as it comes: asked again and again, it tells what is new.
package struct OutputWatch: Sendable {
    /// An event, and the bookmark after it.
    package typealias Told = (event: OutputEvent, bookmark: OutputBookmark)

    /// Its wish lasts three times as long.
    private static let wishInterval = Duration.seconds(10)

    private let database: Database
    private let announcer: Announcer
    private let id: Identifier<Execution>
    private let task: Identifier<TaskDefinition>
    private var bookmark: OutputBookmark
    private var nextWish = ContinuousClock.now
    /// The attempt whose stored output has been told to its end.
    private var toldAttempt = 0
    private var stored: [OutputChannel: StoredStream] = [:]
    /// Whether there is nothing more to come.
    package private(set) var isOver = false

    init(
        database: Database, announcer: Announcer, id: Identifier<Execution>, task: Identifier<TaskDefinition>,
        after bookmark: OutputBookmark
    ) {
        self.database = database
        self.announcer = announcer
        self.id = id
        self.task = task
        self.bookmark = bookmark
        isOver = bookmark.hasEnded
    }

    /// Whether the bookmark can be one of this execution: the output has come so far.
    ///
    /// Output that is not kept, of an earlier or a lost attempt, cannot tell, and passes.
    func knowsBookmark() async throws -> Bool {
        guard let execution = try await database.store.watchedExecution(id), bookmark.attempt <= execution.attempt
        else { return false }
        guard bookmark.attempt == execution.attempt else { return bookmark.status?.isEnd != true }
        if let status = bookmark.status, status.isEnd, status != execution.status { return false }
        if let reach = try await database.store.liveReach(of: id, attempt: bookmark.attempt) {
            return OutputChannel.allCases.allSatisfy { bookmark[$0] <= reach[$0] ?? 0 }
        }
        var sizes: [OutputChannel: Int] = [:]
        for stream in OutputChannel.allCases {
            sizes[stream] = try await database.store.storedStream(stream, of: id).wholeSize
        }
        // Nothing is stored of what was lost or pruned.
        return sizes.values.allSatisfy { $0 == 0 }
            || OutputChannel.allCases.allSatisfy { bookmark[$0] <= sizes[$0] ?? 0 }
    }

    /// Whether the caller may go on watching.
    ///
    /// - Throws: `notFound`, `notOwner`.
    package func check(_ caller: Caller) async throws {
        _ = try await database.store.task(task, readableBy: caller)
    }

    /// What has come since it was asked last, in order; at most a few hundred KiB at once.
    package mutating func next() async throws -> [Told] {
        guard let execution = try await database.store.watchedExecution(id) else {
            isOver = true
            // What has not ended goes only with its task; what was told to have ended was pruned.
            guard bookmark.status?.isEnd != true else { return [] }
            bookmark.hasEnded = true
            return [(.end(.cancelled, .taskCancelled, returnCode: nil), bookmark)]
        }
        var told: [Told] = []
        // What is stored is of the latest attempt that has ended.
        let storedAttempt = execution.status == .running ? execution.attempt - 1 : execution.attempt
        // Whoever sees nothing of an attempt yet hears where it stands before its output.
        if storedAttempt == execution.attempt, turn(to: storedAttempt) {
            bookmark.status = execution.status
            return [(.status(execution.status, attempt: execution.attempt), bookmark)]
        }
        if storedAttempt > 0, storedAttempt == bookmark.attempt, toldAttempt != storedAttempt {
            for stream in OutputChannel.allCases { told += try await nextStored(of: stream) }
            guard told.isEmpty else { return told }
            toldAttempt = storedAttempt
        }
        turn(to: execution.attempt)
        if bookmark.status != execution.status {
            if execution.status == .running { nextWish = .now }
            bookmark.status = execution.status
            told.append((.status(execution.status, attempt: execution.attempt), bookmark))
        }
        guard !execution.status.isEnd else {
            isOver = true
            bookmark.hasEnded = true
            return told + [(.end(execution.status, execution.reason, returnCode: execution.returnCode), bookmark)]
        }
        if ContinuousClock.now >= nextWish { try await wish() }
        return execution.status == .running ? told + (try await nextLive()) : told
    }

    /// Goes on with another attempt, from its beginning; false where it is the present one.
    @discardableResult private mutating func turn(to attempt: Int) -> Bool {
        guard bookmark.attempt != attempt else { return false }
        bookmark = OutputBookmark(attempt: attempt)
        stored = [:]
        return true
    }

    private mutating func wish() async throws {
        nextWish = .now + Self.wishInterval
        try await database.store.wishOutput(of: id)
        announcer.announce(.output)
    }

    private mutating func nextLive() async throws -> [Told] {
        let pieces = try await database.store.liveOutput(
            of: id, attempt: bookmark.attempt, beyond: [.stdout: bookmark.stdout, .stderr: bookmark.stderr])
        return pieces.flatMap { piece in
            let seen = bookmark[piece.stream]
            // A piece that was seen in part begins where it was left.
            let rest =
                piece.begin >= seen ? piece.text : String(readable: piece.text.utf8.dropFirst(seen - piece.begin))
            return skip(to: piece.begin, of: piece.stream) + tell(rest, of: piece.stream, upTo: piece.end.text)
        }
    }

    /// The next piece of a stored stream; where the text was cut, bytes count as they would have without.
    private mutating func nextStored(of stream: OutputChannel) async throws -> [Told] {
        let shape: StoredStream
        if let known = stored[stream] {
            shape = known
        } else {
            shape = try await database.store.storedStream(stream, of: id)
            stored[stream] = shape
        }
        let seen = bookmark[stream]
        guard let cut = shape.cut else { return try await piece(of: stream, from: seen, to: shape.size) }
        if seen < cut.head { return try await piece(of: stream, from: seen, to: cut.head) }
        let missing = OutputText.bytesCut(by: cut.mark)
        let skipped = skip(to: cut.head + missing, of: stream)
        // In the text the line stands where the bytes are missing.
        let shift = cut.mark.utf8.count - missing
        return skipped
            + (try await piece(of: stream, from: bookmark[stream] + shift, to: shape.size, shiftedBy: shift))
    }

    private mutating func piece(
        of stream: OutputChannel, from start: Int, to end: Int, shiftedBy shift: Int = 0
    ) async throws -> [Told] {
        guard start < end else { return [] }
        let limit = min(end - start, 256 * 1024)
        let bytes = try await database.store.storedBytes(stream, of: id, from: start, count: limit)
        let whole = start + limit < end ? bytes.withoutTornEnd : bytes[...]
        guard !whole.isEmpty else { return [] }
        return tell(String(readable: whole), of: stream, upTo: start + whole.count - shift)
    }

    private mutating func skip(to place: Int, of stream: OutputChannel) -> [Told] {
        let missing = place - bookmark[stream]
        guard missing > 0 else { return [] }
        bookmark[stream] = place
        return [(.truncated(stream, bytes: missing), bookmark)]
    }

    private mutating func tell(_ text: String, of stream: OutputChannel, upTo place: Int) -> [Told] {
        let offset = bookmark[stream]
        guard place > offset else { return [] }
        bookmark[stream] = place
        return [(.output(stream, offset: offset, text: text), bookmark)]
    }
}

extension String {
    /// Text that may begin within a character.
    fileprivate init(readable bytes: some Collection<UInt8>) {
        self.init(decoding: bytes.drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
    }
}

extension [UInt8] {
    /// The bytes of sound UTF-8 without a character at the end that is not whole.
    fileprivate var withoutTornEnd: ArraySlice<UInt8> {
        guard let lead = suffix(4).lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return self[...] }
        let needed = self[lead] < 0x80 ? 1 : self[lead] < 0xE0 ? 2 : self[lead] < 0xF0 ? 3 : 4
        return count - lead < needed ? self[..<lead] : self[...]
    }
}

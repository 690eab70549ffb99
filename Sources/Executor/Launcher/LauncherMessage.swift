/// The language between a server and its launcher: each order has one answer.
///
/// After an upgrade the launcher is older than its server until it has become the new program, so `hello` and `renew`
/// stay as they are for ever.
enum LauncherVersion {
    /// What this program speaks, on either side.
    static let current: UInt16 = 2
}

/// What one message may hold.
enum LauncherLimits {
    /// No message is longer; a longer one is a fault of the other side.
    static let longestFrame = 64 << 10
    /// How many runs one message may name.
    static let mostRuns = 1000
}

/// What a server may ask of its launcher. There is nothing else.
enum LauncherOrder: Sendable, Equatable {
    /// Answered by `hello`.
    case hello
    /// Become the program that is on disk now. Answered by `done`, before it does.
    case renew
    /// Who is the executor at the place of this number? Answered by `process`.
    case find(place: UInt8)
    /// Start an executor at the place. Answered by `process`.
    case start(place: UInt8)
    /// Kill the executor of this process id at the place. Answered by `done`, also where it is not there.
    case kill(place: UInt8, pid: Int32)
    /// End what is left of runs. Answered by `ended`.
    case endLeftovers(grace: Duration, [RunKey])

    func encode(into writer: inout FrameWriter) {
        switch self {
        case .hello: writer.frame(1) { _ in }
        case .renew: writer.frame(2) { _ in }
        case .find(let place): writer.frame(3) { $0.put(place) }
        case .start(let place): writer.frame(4) { $0.put(place) }
        case .kill(let place, let pid):
            writer.frame(5) {
                $0.put(place)
                $0.put(pid)
            }
        case .endLeftovers(let grace, let runs):
            writer.frame(6) {
                $0.put(grace.nanoseconds)
                $0.put(UInt32(runs.count))
                for run in runs { run.encode(into: &$0) }
            }
        }
    }

    init(kind: UInt8, fields: ArraySlice<UInt8>) throws {
        var reader = FrameReader(fields)
        switch kind {
        case 1: self = .hello
        case 2: self = .renew
        case 3: self = try .find(place: reader.integer())
        case 4: self = try .start(place: reader.integer())
        case 5: self = try .kill(place: reader.integer(), pid: reader.integer())
        case 6:
            let grace = Duration.nanoseconds(try reader.integer(Int64.self))
            let count = try reader.count()
            guard count <= LauncherLimits.mostRuns else { throw WireError(description: "\(count) runs at once") }
            self = .endLeftovers(grace: grace, try (0..<count).map { _ in try RunKey(from: &reader) })
        default: throw WireError(description: "an unknown order \(kind)")
        }
    }
}

/// What a launcher answers.
enum LauncherAnswer: Sendable, Equatable {
    /// Who speaks: its process, its program file (see `ProgramIdentity`), and the words that it was started with.
    case hello(version: UInt16, pid: Int32, program: String, words: [String])
    case done
    /// 0: there is none.
    case process(Int32)
    /// How many processes survived of each run, in the order in which they were named.
    case ended(survivors: [UInt32])
    /// It could not be done; why, in words.
    case failed(String)

    func encode(into writer: inout FrameWriter) {
        switch self {
        case .hello(let version, let pid, let program, let words):
            writer.frame(1) {
                $0.put(version)
                $0.put(pid)
                $0.put(program)
                $0.put(UInt32(words.count))
                for word in words { $0.put(word) }
            }
        case .done: writer.frame(2) { _ in }
        case .process(let pid): writer.frame(3) { $0.put(pid) }
        case .ended(let survivors):
            writer.frame(4) {
                $0.put(UInt32(survivors.count))
                for count in survivors { $0.put(count) }
            }
        case .failed(let why): writer.frame(5) { $0.put(why) }
        }
    }

    init(kind: UInt8, fields: ArraySlice<UInt8>) throws {
        var reader = FrameReader(fields)
        switch kind {
        case 1:
            self = try .hello(
                version: reader.integer(), pid: reader.integer(), program: reader.text(),
                words: (0..<reader.count()).map { _ in try reader.text() })
        case 2: self = .done
        case 3: self = try .process(reader.integer())
        case 4:
            self = try .ended(survivors: (0..<reader.count()).map { _ in try reader.integer() })
        case 5: self = try .failed(reader.text())
        default: throw WireError(description: "an unknown answer \(kind)")
        }
    }
}

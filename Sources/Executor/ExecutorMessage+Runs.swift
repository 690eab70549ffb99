import Foundation

/// Everything the executor needs to know to start a run.
struct RunOrder: Sendable, Equatable {
    /// The number under which server and executor speak of the run.
    var run: UInt64
    var executionID: UUID
    var fencingToken: Int64
    var command: String
    var environment: [String]
    /// Where the command starts; nil: its HOME, or `/` where that cannot be entered.
    var workingDirectory: String?
    /// Whom it runs as; nil: the executor's own user.
    var identity: ProcessIdentity?
    var timeout: Duration
    var outputLimit: Int64
    var deadline: BoottimeInstant
    /// Since version 5, as what follows.
    var limits = RunLimits.none
    /// The variables whose values do not show in the output.
    var secretNames: [String] = []

    var key: RunKey {
        RunKey(executionID: executionID, fencingToken: fencingToken)
    }

    func encode(into writer: inout FrameWriter) {
        writer.put(run)
        key.encode(into: &writer)
        writer.put(command)
        writer.put(UInt32(environment.count))
        for entry in environment { writer.put(entry) }
        writer.put(UInt8(workingDirectory == nil ? 0 : 1))
        writer.put(workingDirectory ?? "")
        writer.put(UInt8(identity == nil ? 0 : 1))
        if let identity {
            writer.put(identity.user)
            writer.put(identity.group)
            writer.put(UInt32(identity.groups.count))
            for group in identity.groups { writer.put(group) }
        }
        writer.put(timeout.nanoseconds)
        writer.put(outputLimit)
        writer.put(deadline.nanoseconds)
        limits.encode(into: &writer)
        writer.put(UInt32(secretNames.count))
        for name in secretNames { writer.put(name) }
    }

    init(from reader: inout FrameReader) throws {
        run = try reader.integer()
        let key = try RunKey(from: &reader)
        executionID = key.executionID
        fencingToken = key.fencingToken
        command = try reader.text()
        environment = try (0..<reader.count()).map { _ in try reader.text() }
        let hasDirectory = try reader.integer(UInt8.self) == 1
        let directory = try reader.text()
        workingDirectory = hasDirectory ? directory : nil
        identity = try reader.integer(UInt8.self) == 1 ? ProcessIdentity(from: &reader) : nil
        timeout = .nanoseconds(try reader.integer(Int64.self))
        outputLimit = try reader.integer()
        deadline = BoottimeInstant(nanoseconds: try reader.integer())
        // No older server gives orders to this executor.
        limits = try RunLimits(from: &reader)
        secretNames = try (0..<reader.count()).map { _ in try reader.text() }
    }
}

extension RunOrder {
    init(_ request: RunRequest, run: UInt64, identity: ProcessIdentity?) {
        self.run = run
        executionID = request.executionID
        fencingToken = Int64(request.fencingToken)
        command = request.command
        environment = request.environment.map { "\($0.key)=\($0.value)" }
        workingDirectory = request.workingDirectory
        self.identity = identity
        timeout = request.timeout
        outputLimit = Int64(request.outputLimit)
        deadline = request.deadline.instant
        limits = request.limits
        secretNames = request.secretNames
    }
}

/// Names one attempt of an execution, whichever server ordered it.
struct RunKey: Sendable, Hashable {
    let executionID: UUID
    let fencingToken: Int64

    init(executionID: UUID, fencingToken: Int64) {
        self.executionID = executionID
        self.fencingToken = fencingToken
    }

    var mark: RunMark {
        RunMark(executionID: executionID, fencingToken: fencingToken)
    }

    func encode(into writer: inout FrameWriter) {
        withUnsafeBytes(of: executionID.uuid) { writer.put($0) }
        writer.put(fencingToken)
    }

    init(from reader: inout FrameReader) throws {
        let id = try reader.data()
        guard id.count == 16 else { throw WireError(description: "an execution id of \(id.count) bytes") }
        executionID = id.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
        fencingToken = try reader.integer()
    }
}

/// How an executor introduces itself.
struct ExecutorGreeting: Sendable, Equatable {
    var version: UInt16
    /// See `ProgramIdentity`.
    var program: String
    /// The runs that go on, and those whose ends are not settled yet, by their numbers.
    var runs: [UInt64: RunKey]

    init(version: UInt16 = WireVersion.current, program: String, runs: [UInt64: RunKey]) {
        self.version = version
        self.program = program
        self.runs = runs
    }

    func encode(into writer: inout FrameWriter) {
        writer.put(version)
        writer.put(program)
        writer.put(UInt32(runs.count))
        for (number, key) in runs {
            writer.put(number)
            key.encode(into: &writer)
        }
    }

    init(from reader: inout FrameReader) throws {
        version = try reader.integer()
        // What follows may be of another shape where the version is another.
        guard WireVersion.spoken.contains(version) else {
            throw WireError(description: "version \(version) of the language, which this server does not speak")
        }
        program = try reader.text()
        runs = [:]
        for _ in 0..<(try reader.count()) {
            let number = try reader.integer(UInt64.self)
            runs[number] = try RunKey(from: &reader)
        }
    }
}

/// The numbers that say with whose rights a process runs.
struct ProcessIdentity: Sendable, Equatable {
    var user: UInt32
    var group: UInt32
    var groups: [UInt32]

    init(user: UInt32, group: UInt32, groups: [UInt32]) {
        self.user = user
        self.group = group
        self.groups = groups
    }

    init(from reader: inout FrameReader) throws {
        user = try reader.integer()
        group = try reader.integer()
        groups = try (0..<reader.count()).map { _ in try reader.integer() }
    }
}

/// Which stream, and which end of its window.
enum OutputPart: UInt8, Sendable, CaseIterable {
    case outputHead, outputTail, errorHead, errorTail
}

/// How a run ended, and how many bytes of its output its executor keeps.
struct HeldEnd: Sendable, Equatable {
    /// No more output than this is sent unasked.
    static let littleOutput = 16 * 1024

    let end: EndedRun
    let size: Int
}

/// How a run ended, without its output.
struct EndedRun: Sendable, Equatable {
    enum Cause: Sendable, Equatable {
        case exited(Int32), signaled(Int32), timedOut, ended(EndReason), leaseLapsed, spawnFailed(String)
    }

    var cause: Cause
    var survivors: Int32 = 0
    var duration: Duration = .zero
    var outputTotal: Int64 = 0
    var errorTotal: Int64 = 0

    init(cause: Cause) {
        self.cause = cause
    }

    func encode(into writer: inout FrameWriter) {
        let (kind, number, text): (UInt8, Int32, String) =
            switch cause {
            case .exited(let code): (1, code, "")
            case .signaled(let signal): (2, signal, "")
            case .timedOut: (3, 0, "")
            case .ended(let reason): (4, Int32(reason.rawValue), "")
            case .leaseLapsed: (5, 0, "")
            case .spawnFailed(let why): (6, 0, why)
            }
        writer.put(kind)
        writer.put(number)
        writer.put(text)
        writer.put(survivors)
        writer.put(duration.nanoseconds)
        writer.put(outputTotal)
        writer.put(errorTotal)
    }

    init(from reader: inout FrameReader) throws {
        let kind = try reader.integer(UInt8.self)
        let number = try reader.integer(Int32.self)
        let text = try reader.text()
        switch kind {
        case 1: cause = .exited(number)
        case 2: cause = .signaled(number)
        case 3: cause = .timedOut
        case 4:
            guard let reason = EndReason(rawValue: UInt8(truncatingIfNeeded: number)) else {
                throw WireError(description: "an unknown reason of an end")
            }
            cause = .ended(reason)
        case 5: cause = .leaseLapsed
        case 6: cause = .spawnFailed(text)
        default: throw WireError(description: "an unknown end \(kind)")
        }
        survivors = try reader.integer()
        duration = .nanoseconds(try reader.integer(Int64.self))
        outputTotal = try reader.integer()
        errorTotal = try reader.integer()
    }
}

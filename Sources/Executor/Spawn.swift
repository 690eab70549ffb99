import CLinux
import Glibc

/// A process to start; see `qkron_spawn` for what each one gets.
struct Spawn {
    var path: String
    var arguments: [String]
    var environment: [String]
    var directory: String?
    var directoryIsOptional = false
    /// What becomes its descriptors 0, 1 and 2.
    var descriptors: (Int32, Int32, Int32)
    var identity: ProcessIdentity?
    var openFiles: UInt64 = 0
    var limits = RunLimits.none
    var mark: UInt64 = 0
    /// The signals whose handlers are not the default here, where they are known; see `qkron_changed_signals`.
    var changedSignals = UInt64.max

    struct Child {
        let pid: pid_t
        let pidfd: Int32
    }

    /// Starts it; returns once it has executed its program.
    func start() throws(SpawnError) -> Child {
        let answer = try spawn(isCommand: false)
        return Child(pid: answer.pid, pidfd: answer.pidfd)
    }

    /// Starts a command, which gets no new privileges and is killed when this thread ends. Returns at once: until it
    /// has executed its program, whoever may signal it can hold it up.
    func startCommand() throws(SpawnError) -> (child: Child, beginning: CommandBeginning) {
        let answer = try spawn(isCommand: true)
        return (Child(pid: answer.pid, pidfd: answer.pidfd), CommandBeginning(start: answer.start))
    }

    private func spawn(isCommand: Bool) throws(SpawnError) -> qkron_spawn_answer {
        guard ([path] + arguments + environment).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw SpawnError(step: "a NUL in its text", error: EINVAL)
        }
        var answer = qkron_spawn_answer()
        Self.withCStrings(arguments) { arguments in
            Self.withCStrings(environment) { environment in
                path.withCString { path in
                    withOptionalCString(directory) { directory in
                        (identity?.groups ?? []).withUnsafeBufferPointer { groups in
                            var plan = qkron_spawn_plan()
                            plan.path = path
                            plan.arguments = arguments
                            plan.environment = environment
                            plan.directory = directory
                            plan.directory_is_optional = directoryIsOptional ? 1 : 0
                            plan.descriptors = descriptors
                            plan.switches_user = identity == nil ? 0 : 1
                            plan.user = identity?.user ?? 0
                            plan.group = identity?.group ?? 0
                            plan.groups = groups.baseAddress
                            plan.group_count = groups.count
                            plan.open_files = openFiles
                            plan.mark = mark
                            apply(limits, to: &plan)
                            plan.signals = changedSignals
                            plan.is_command = isCommand ? 1 : 0
                            qkron_spawn(&plan, &answer)
                        }
                    }
                }
            }
        }
        guard answer.pid > 0 else { throw SpawnError(answer) }
        return answer
    }

    private func apply(_ limits: RunLimits, to plan: inout qkron_spawn_plan) {
        plan.cpu_seconds = UInt64(limits.cpuSeconds ?? 0)
        plan.memory_bytes = UInt64(limits.memoryBytes ?? 0)
        plan.most_files = UInt64(limits.openFiles ?? 0)
        plan.processes = UInt64(limits.processes ?? 0)
        plan.sets_nice = limits.nice == nil ? 0 : 1
        plan.nice = Int32(clamping: limits.nice ?? 0)
    }

    static func withCStrings(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Void
    ) {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        pointers.append(nil)
        pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        for pointer in pointers { free(pointer) }
    }

    private func withOptionalCString(_ string: String?, _ body: (UnsafePointer<CChar>?) -> Void) {
        if let string { string.withCString { body($0) } } else { body(nil) }
    }
}

/// How a command goes on from its start to its program.
struct CommandBeginning {
    enum Outcome { case begun, failed(SpawnError) }

    let start: OpaquePointer?

    /// How it went; nil while that is not known. It is known of a command that has ended. Not to be asked again then.
    func outcome() -> Outcome? {
        var answer = qkron_spawn_answer()
        guard qkron_start_outcome(start, &answer) == 1 else { return nil }
        return UInt32(answer.step) == QKRON_STEP_NONE.rawValue ? .begun : .failed(SpawnError(answer))
    }
}

/// Why a process could not be started; holds nothing of its command or environment.
struct SpawnError: Error, CustomStringConvertible {
    let step: String
    let error: Int32

    init(step: String, error: Int32) {
        self.step = step
        self.error = error
    }

    init(_ answer: qkron_spawn_answer) {
        self.init(step: Self.name(ofStep: UInt32(answer.step)), error: answer.error)
    }

    var description: String {
        "\(step): \(String(cString: strerror(error)))"
    }

    static func name(ofStep step: UInt32) -> String {
        switch qkron_spawn_step(step) {
        case QKRON_STEP_CLONE: "new process"
        case QKRON_STEP_SESSION: "new session"
        case QKRON_STEP_DESCRIPTORS: "descriptors"
        case QKRON_STEP_LIMITS: "limits"
        case QKRON_STEP_GROUPS, QKRON_STEP_GROUP: "switch of group"
        case QKRON_STEP_USER: "switch of user"
        case QKRON_STEP_DIRECTORY: "working directory"
        case QKRON_STEP_PRIVILEGES: "privileges"
        case QKRON_STEP_PARENT: "executor"
        case QKRON_STEP_EXECUTE: "program"
        default: "start"
        }
    }
}

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
    var isCommand = false

    struct Child {
        let pid: pid_t
        let pidfd: Int32
    }

    /// Starts it; returns once it has executed its program.
    func start() throws(SpawnError) -> Child {
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
        guard answer.pid > 0 else {
            throw SpawnError(step: SpawnError.name(ofStep: UInt32(answer.step)), error: answer.error)
        }
        return Child(pid: answer.pid, pidfd: answer.pidfd)
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

/// Why a process could not be started; holds nothing of its command or environment.
struct SpawnError: Error, CustomStringConvertible {
    let step: String
    let error: Int32

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

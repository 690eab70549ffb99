import ArgumentParser
import Client
import Declarations
import Domain

/// The flags of commands that make the tasks of a file so.
struct DeclarationOptions: ParsableArguments {
    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false
    @Flag(help: "Delete tasks that this file made and no longer holds.")
    var prune = false
    @Flag(help: "Take over your tasks of the same names that this file did not make.")
    var adopt = false
    @Option(help: "Whose tasks are meant, where an API key sees everybody's.")
    var owner: String?
}

/// Makes the tasks of a file so, and tells the difference.
struct DeclarationRun {
    let tasks: [DeclaredTask]
    let marker: Marker
    let path: String
    let options: DeclarationOptions
    let output: OutputOptions

    private struct Report {
        var made: [String] = []
        var changed: [String] = []
        var deleted: [String] = []
    }

    /// Compares, tells, and does it, unless it is a dry run. A run that breaks off has done what it told, and can be
    /// repeated.
    func make(on server: RemoteServer) async throws {
        let own = try await OwnTasks(of: server, owner: options.owner)
        let marked = try await own.marked(marker)
        let missing = Set(tasks.map { TextKey($0.name) }).subtracting(marked.map { TextKey($0.name) })
        let namesakes = try await own.unmarked(missing, marker)
        let plan = try Plan(
            tasks, marker: marker, present: marked + (options.adopt ? namesakes : []), prunes: options.prune)
        if !options.adopt { warn(of: namesakes) }
        var ids = Dictionary(marked.map { (TextKey($0.name), $0.id) }) { first, _ in first }
        for task in options.adopt ? namesakes : [] { ids[TextKey(task.name)] = task.id }
        var report = Report()
        for step in plan.steps {
            if !options.dryRun { try await take(step, of: plan, &ids, on: server) }
            tell(step, &report)
        }
        summarize(plan, report)
    }

    private func take(
        _ step: Plan.Step, of plan: Plan, _ ids: inout [TextKey: String], on server: RemoteServer
    ) async throws {
        switch step {
        case .make(let task):
            let made = try await inFile(task) { [ids] in
                try await server.makeTask(plan.fields(of: task, ids))
            }
            ids[TextKey(task.name)] = "\(made.id)"
        case .change(let present, let task, let differences):
            let fields = plan.fields(of: task, differences, ids)
            guard let id = Identifier<TaskDefinition>(present.id) else { return }
            _ = try await inFile(task) { try await server.change(id, fields) }
        case .delete(let present):
            guard let id = Identifier<TaskDefinition>(present.id) else { return }
            try await server.deleteTask(id)
        }
    }

    /// Tells of a refusal where the file says what was refused.
    private func inFile(_ task: DeclaredTask, _ body: () async throws -> RemoteTask) async throws -> RemoteTask {
        do {
            return try await body()
        } catch let error as ClientError {
            guard case .refused(let refusal) = error, !refusal.faults.isEmpty else { throw error }
            let faults = refusal.faults.map { fault in
                let line = fault.place.first.flatMap { task.line(of: $0) }.map { "\($0):" } ?? ""
                return "\(path):\(line) \(task.name): \(fault.place.joined(separator: ".")): \(fault.message)"
            }
            throw FileError(description: faults.joined(separator: "\n"))
        }
    }

    private func tell(_ step: Plan.Step, _ report: inout Report) {
        let line: String
        switch step {
        case .make(let task):
            report.made.append(task.name)
            line = "+ \(task.name)"
        case .change(let present, _, let differences):
            report.changed.append(present.name)
            line = "~ \(present.name): \(differences.map(\.text).joined(separator: ", "))"
        case .delete(let present):
            report.deleted.append(present.name)
            line = "- \(present.name)"
        }
        if !output.json { StandardOutput.write(line: line.printable) }
    }

    private func warn(of namesakes: [Plan.Present]) {
        for task in namesakes {
            CommandFailure.tell(
                "You have a task named '\(task.name)' that \(path) did not make (\(task.id)); --adopt takes it over.")
        }
    }

    private func summarize(_ plan: Plan, _ report: Report) {
        let kept = options.prune ? [] : plan.leftOver.map(\.name)
        func list(_ names: [String]) -> JSONValue { .array(names.map(JSONValue.string)) }
        let answer: JSONValue = [
            "created": list(report.made), "changed": list(report.changed), "deleted": list(report.deleted),
            "unchanged": list(plan.unchanged.map(\.name)), "left_over": list(kept), "dry_run": .bool(options.dryRun),
        ]
        var text = "\(report.made.count) created, \(report.changed.count) changed, \(report.deleted.count) deleted, "
        text += "\(plan.unchanged.count) unchanged."
        if options.dryRun { text = "Nothing was done. It would be: " + text }
        if !kept.isEmpty {
            text += "\nNo longer in \(path), and kept: \(kept.joined(separator: ", ")) (--prune deletes them)."
        }
        output.show(answer, or: text.printable)
    }
}

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
    /// What becomes of a task of the file where there is one of its name that the file did not make.
    enum Namesakes {
        /// Nothing is done at all.
        case refused
        /// A second one is made, which is told: for files that do not choose their names.
        case told
    }

    let tasks: [DeclaredTask]
    let marker: Marker
    let path: String
    let namesakes: Namesakes
    let judge: TaskJudge
    let options: DeclarationOptions
    let output: OutputOptions

    /// Compares, checks all of it, tells, and does it, unless it is a dry run.
    ///
    /// - Throws: `BrokenOff` where something was done, and the rest could not be.
    func make(on server: RemoteServer) async throws {
        let own = try await OwnTasks(of: server, owner: options.owner)
        let marked = try await own.marked(marker)
        let missing = Set(tasks.map { TextKey($0.name) }).subtracting(marked.map { TextKey($0.name) })
        let others = try await own.unmarked(missing, marker)
        let present = marked + (options.adopt ? others : [])
        let plan = try Plan(tasks, marker: marker, present: present, prunes: options.prune)
        try await DeclarationCheck(path: path, judge: judge).check(
            plan, namesakes: options.adopt || namesakes == .told ? [] : others, on: server)
        let ids = Dictionary(present.map { (TextKey($0.name), $0.id) }) { first, _ in first }
        var report = DeclarationReport(
            unchanged: plan.unchanged.map(\.name), leftOver: options.prune ? [] : plan.leftOver.map(\.name),
            namesakes: options.adopt ? [:] : Dictionary(others.map { (TextKey($0.name), $0.id) }) { first, _ in first },
            isDryRun: options.dryRun, path: path)
        try await take(plan, ids, &report, on: server)
        output.show(report.json, or: report.summary.printable)
    }

    private func take(
        _ plan: Plan, _ ids: [TextKey: String], _ report: inout DeclarationReport, on server: RemoteServer
    ) async throws {
        var ids = ids
        for (index, step) in plan.steps.enumerated() {
            do {
                if !options.dryRun { try await take(step, of: plan, &ids, on: server) }
            } catch {
                report.left = Array(plan.steps[index...])
                if output.json { StandardOutput.write(line: report.json.serialized()) }
                throw BrokenOff(cause: error, account: report.account)
            }
            report.note(step)
            if !output.json { StandardOutput.write(line: report.line(of: step).printable) }
        }
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
            do throws(ClientError) {
                try await server.deleteTask(id)
            } catch {
                // Where somebody else was quicker it is gone, as it should be.
                guard error.status == 404 else { throw error }
            }
        }
    }

    /// Tells of a refusal where the file says what was refused.
    private func inFile(_ task: DeclaredTask, _ body: () async throws -> RemoteTask) async throws -> RemoteTask {
        do {
            return try await body()
        } catch let error as ClientError {
            guard case .refused(let refusal) = error, !refusal.faults.isEmpty else { throw error }
            let faults = refusal.faults.map { task.sentence(path, $0.place, $0.message) }
            throw CommandError(description: faults.joined(separator: "\n"))
        }
    }
}

/// Part of a file is done, and the rest is not.
struct BrokenOff: Error {
    /// Why the step failed that was to be next.
    let cause: any Error
    /// What is done and what is not.
    let account: String
}

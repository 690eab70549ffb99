import ArgumentParser
import Client
import Domain

extension TaskCommand {
    struct ShowSlots: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "slots",
            abstract: "Show what became of each time at which a task was due: why it did not run.",
            discussion: """
                Oldest first. Verdicts: 'ran'; 'skipped', by a pause, a policy or a dependency; 'missed', with the reason.                 Without --since and --until: the last 24 hours.
                """)

        @OptionGroup var task: NamedTask
        @Option(help: "From this time on, such as 2026-03-01T02:30:00Z. (default: 24 h before --until)")
        var since: String?
        @Option(help: "Before this time. (default: now)")
        var until: String?
        @Option(
            help: "Only slots of this verdict: ran, skipped or missed; may be given several times.",
            completion: .list(SlotVerdict.allCases.map(\.rawValue)))
        var verdict: [String] = []
        @Option(help: "Show so many at most.")
        var limit = 1_000

        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit must be 1 or more.") }
        }

        func run() async throws {
            try await options.withServer { server in
                let id = try await TaskChoice.id(of: task.task, on: server)
                let filter = verdict.map { Query("verdict", $0) } + (until.map { [Query("until", $0)] } ?? [])
                let slots = try await server.slots(of: id, filter, since: since, upTo: limit)
                output.show(.array(slots), or: Self.table(of: slots))
            }
        }

        private static func table(of slots: [JSONValue]) -> String {
            let keys: [TextKey] = ["scheduled_for", "verdict", "reason", "status", "execution_id"]
            let rows = slots.map { slot in keys.map { slot.cell($0) } }
            return TextTable.render([["SCHEDULED FOR", "VERDICT", "REASON", "STATUS", "EXECUTION"]] + rows)
        }
    }

    struct Dependencies: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the tasks that must have completed before a task runs.")

        @OptionGroup var task: NamedTask
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let id = try await TaskChoice.id(of: task.task, on: server)
                let found = try await server.dependencies(of: id)
                output.show(found.json, or: Self.page(of: found))
            }
        }

        private static func page(of found: RemoteMessage) -> String {
            let keys: [TextKey] = ["name", "status", "is_active", "completed", "task_id"]
            let rows = (found.json.member("dependencies")?.elements ?? []).map { task in keys.map { task.cell($0) } }
            guard !rows.isEmpty else { return found.text.printable }
            return TextTable.render([["NAME", "STATUS", "ACTIVE", "COMPLETED", "ID"]] + rows) + "\n"
                + found.text.printable
        }
    }

    struct WebhookToken: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new secret by which others can run a task; the earlier one ends at once.",
            discussion: "The secret is shown only here. Whoever has it may run the task, and nothing else.")

        @OptionGroup var task: NamedTask
        @OptionGroup var output: OutputOptions
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withServer { server in
                let id = try await TaskChoice.id(of: task.task, on: server)
                let (secret, answer) = try await server.makeWebhookToken(for: id)
                output.show(
                    answer,
                    or: """
                        The secret, shown only here: \(secret.printable)
                        A POST with it in the header X-Webhook-Token runs the task: \
                        \(server.address)/api/v1/tasks/webhook/trigger/\(id)
                        """)
            }
        }
    }
}

import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// The table of exit codes in docs/cli.md, walked for the commands that ask a server.
    @Suite struct ExitCodeTests {
        private static let id = OwnershipTests.nobodys
        /// Each with what it needs to be well-formed; they name what does not exist.
        private static let commands: [[String]] = [
            ["task", "list"], ["task", "show", "none"], ["task", "show", id], ["task", "create", "--name", "x"],
            ["task", "update", "none", "--timeout", "5"], ["task", "delete", "none"], ["task", "pause", "none"],
            ["task", "resume", id], ["task", "run", "none"], ["task", "run", id, "--wait"], ["task", "logs", "none"],
            ["task", "logs", id, "-f"], ["execution", "list"], ["execution", "list", "--task", "none"],
            ["execution", "show", id], ["execution", "show", id, "--task", "none"], ["execution", "cancel", id],
            ["task", "pause", "--tag", "t"], ["task", "delete", "--tag", "t", "--yes"], ["task", "slots", "none"],
            ["task", "dependencies", id], ["task", "webhook-token", "none"], ["execution", "rerun", id],
            ["key", "list"], ["key", "create", "x", "--scope", "tasks:read"], ["key", "revoke", "none"],
            ["key", "revoke", id], ["account", "show"], ["scheduler", "status"], ["audit"],
            ["account", "show", "none"], ["account", "update", id, "--disable"], ["account", "delete", id, "--yes"],
            ["apply", "-"], ["import", "crontab", "-"], ["export"], ["node", "list"], ["node", "drain", "none"],
        ]
        /// Those who are no superusers may not even ask for these.
        private static let forSuperusers: Set<String> = ["node", "account"]
        private static let inputs = ["apply": "name: n\ntasks: []", "import": "@daily x"]

        private func expect(
            _ code: Int32, _ words: [String], _ shell: Shell, input: String? = nil,
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let answer = try await shell.run(words, input: input ?? Self.inputs[words[0]] ?? "")
            #expect(answer.end == .exited(code), "\(words): \(answer)", sourceLocation: location)
            #expect(answer.error.isEmpty == (code == 0), "\(words): \(answer)", sourceLocation: location)
            #expect(!answer.error.contains("Fatal") && !answer.error.contains("Error Domain"), "\(answer)")
        }

        @Test(arguments: commands)
        func `2 is a server that cannot be reached, 3 is nobody, or somebody unknown`(_ words: [String]) async throws {
            var (shell, _) = try await Shell.newcomer()
            let there = shell.variables["QKRON_URL"]
            shell.variables["QKRON_URL"] = "http://127.0.0.1:1"
            try await expect(2, words, shell)
            shell.variables["QKRON_URL"] = there
            shell.variables["QKRON_TOKEN"] = "rubbish"
            try await expect(3, words, shell)
            shell.variables["QKRON_TOKEN"] = nil
            try await expect(3, words, shell)
            shell.variables["QKRON_API_KEY"] = "qk_unknown"
            try await expect(3, words, shell)
        }

        @Test func `4 is what does not exist`() async throws {
            let (shell, _) = try await Shell.newcomer()
            for words in Self.commands where words.contains("none") || words.contains(Self.id) {
                try await expect(Self.forSuperusers.contains(words[0]) ? 3 : 4, words, shell)
            }
        }

        @Test func `5 is what is refused`() async throws {
            let (shell, person) = try await Shell.newcomer()
            for _ in 1...2 { _ = try await person.makeTask(["name": "twin"]) }
            let ended = try await person.makeTask(["name": "ended"])
            let execution = try await person.execute(ended)
            try await person.execution(execution, of: ended, is: "completed")
            for words in [
                ["task", "create", "--name", "x"], ["task", "create", "--file", "/nowhere"],
                ["task", "update", "ended", "--timeout", "0"], ["task", "list", "--status", "odd"],
                ["task", "pause", "twin"], ["execution", "cancel", execution],
                ["task", "slots", "ended", "--since", "x"],
                ["key", "create", "x", "--scope", "odd"], ["task", "delete", "--tag", "", "--yes"],
                ["schedule", "preview", "--every", "0s"],
                ["execution", "list", "--trigger", "odd"],
                ["apply", "/nowhere"], ["import", "crontab", "/nowhere"], ["export"],
                ["schedule", "next", "--cron", "61 * * * *"],
                ["schedule", "next", "--cron", "* * * * *", "--tz", "Nowhere"],
            ] {
                try await expect(5, words, shell)
            }
            try await expect(5, ["apply", "-"], shell, input: "tasks: [")
            try await expect(5, ["import", "crontab", "-", "--dry-run"], shell, input: "@reboot x")
            try await expect(5, ["task", "update", "ended", "--file", "-"], shell, input: "[]")
        }

        @Test func `64 is a command line that is wrong`() async throws {
            let (shell, _) = try await Shell.newcomer()
            for words in [
                ["task", "pause"], ["task", "pause", "x", "--tag", "t"], ["task", "delete", "--tag", "t"],
                ["key", "create", "x"], ["account", "delete", "x"], ["execution", "rerun", "x"],
                ["schedule", "preview"], ["schedule", "preview", "--cron", "@daily", "--dst-policy", "x"],
                ["dance"], ["task", "show"], ["task", "list", "--nope"], ["task", "list", "--limit", "x"],
                ["task", "create", "--timeout", "5m"], ["execution", "show", "x"], ["execution", "cancel", "x"],
                ["task", "logs", "x", "--execution", "x"], ["apply"], ["import", "crontab"],
                ["export", "--format", "xml"],
                ["schedule", "next"], ["schedule", "next", "--cron", "* * * * *", "--from", "x"],
                ["import", "crontab", "-", "--tz", "Nowhere"],
            ] {
                try await expect(64, words, shell)
            }
        }

        @Test func `0 is done, and 1 a run that did not complete`() async throws {
            let (shell, person) = try await Shell.newcomer()
            _ = try await person.makeTask(["name": "good", "command": "true"])
            _ = try await person.makeTask(["name": "bad", "command": "exit 3", "max_retries": 0])
            for words in [
                ["task", "list"], ["task", "show", "good"], ["task", "update", "good", "--timeout", "5"],
                ["task", "pause", "good"], ["task", "resume", "good"], ["task", "run", "good", "--wait"],
                ["task", "logs", "good"], ["execution", "list"], ["apply", "-"],
                ["import", "crontab", "-", "--dry-run"],
                ["task", "slots", "good"], ["task", "dependencies", "good"], ["task", "webhook-token", "good"],
                ["task", "pause", "--tag", "none"], ["key", "list"], ["account", "show"], ["scheduler", "status"],
                ["export"], ["task", "delete", "good"], ["version"], ["schedule", "next", "--cron", "@daily"],
                ["schedule", "preview", "--at", "2100-01-01T00:00:00Z"],
            ] {
                try await expect(0, words, shell)
            }
            try await expect(1, ["task", "run", "bad", "--wait"], shell)
            try await expect(1, ["task", "logs", "bad", "-f"], shell)
        }
    }
}

import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// `qkron import crontab`, `qkron apply` and `qkron export`.
    @Suite struct DeclarationTests {
        private static let shop = """
            name: shop
            tasks:
              - name: backup
                command: |
                  set -e
                  true
                schedule: "0 2 * * *"
                timezone: Europe/Berlin
                tags: [db, nightly]
                metadata_info: {team: ops, level: 2.0}
              - name: health
                command: "true"
                schedule_type: interval
                schedule: 5m
                env: {PORT: 8080}
                starts_at: 2120-01-01T00:00:00
            """

        @Test func `a file is applied, and once more without a change; what it no longer holds is pruned`() async throws
        {
            let (shell, person) = try await Shell.newcomer()
            _ = try await person.makeTask(["name": "by hand"])
            let file = try shell.file("tasks.yaml", Self.shop)
            let dry = try await shell.qkron("apply", file, "--dry-run")
            #expect(
                dry.output
                    == "+ backup\n+ health\nNothing was done. It would be: 2 created, 0 changed, 0 deleted, 0 unchanged.\n"
            )
            #expect(try await person.get("/tasks")["total"] == 1)
            let first = try await shell.qkron("apply", file)
            #expect(first.output == "+ backup\n+ health\n2 created, 0 changed, 0 deleted, 0 unchanged.\n", "\(first)")
            let rows = try await person.get("/tasks?limit=100&tag=file:shop").items
            #expect(rows.count == 2)
            let second = try await shell.qkron("apply", file)
            #expect(second.output == "0 created, 0 changed, 0 deleted, 2 unchanged.\n", "\(second)")
            #expect(try await person.get("/tasks?limit=100&tag=file:shop").items == rows, "nothing was touched")

            _ = try shell.file(
                "tasks.yaml",
                Self.shop.replacing("5m", with: "1m").replacing("8080", with: "9090").replacing(
                    "name: backup", with: "name: dump"))
            let third = try await shell.qkron("apply", file)
            #expect(
                third.output == """
                    + dump
                    ~ health: schedule "5m" -> "1m", env ~PORT
                    1 created, 1 changed, 0 deleted, 0 unchanged.
                    No longer in \(file), and kept: backup (--prune deletes them).

                    """, "\(third)")
            let pruned = try await shell.qkron("apply", file, "--prune", "--json")
            #expect(try pruned.json["deleted"] == ["backup"] && pruned.json["unchanged"].items.count == 2, "\(pruned)")
            #expect(
                Set(try await person.get("/tasks?limit=100").items.compactMap { $0["name"].string }) == [
                    "by hand", "dump", "health",
                ])
        }

        @Test func `what is exported is applied without a change, and elsewhere makes the same tasks`() async throws {
            let (shell, person) = try await Shell.newcomer()
            #expect(try await shell.qkron("apply", "-", input: Self.shop).hasSucceeded)
            let other = try await Shell.newcomer()
            for format in ["yaml", "json"] {
                let text = try await shell.qkron("export", "--tag", "db", "--format", format)
                #expect(text.hasSucceeded && !text.output.contains("health"), "\(text)")
                let whole = try await shell.qkron("export", "--format", format).output
                let again = try await shell.qkron("apply", "-", "--prune", input: whole)
                #expect(again.output == "0 created, 0 changed, 0 deleted, 2 unchanged.\n", "\(again) \(whole)")
                let there = try await other.shell.qkron("apply", "-", input: whole)
                #expect(
                    there.output.hasSuffix(
                        format == "yaml" ? "2 created, 0 changed, 0 deleted, 0 unchanged.\n" : " 2 unchanged.\n"),
                    "\(there)")
            }
            func plain(_ person: Person) async throws -> [JSON] {
                let kept = [
                    "name", "command", "schedule", "schedule_type", "timezone", "env", "starts_at", "metadata_info",
                    "timeout",
                ]
                return try await person.get("/tasks?limit=100").items.map { task in
                    JSON.object(Dictionary(uniqueKeysWithValues: kept.map { ($0, task[$0]) }))
                }.sorted { ($0["name"].string ?? "") < ($1["name"].string ?? "") }
            }
            #expect(try await plain(person) == (try await plain(other.person)))
        }

        @Test func `tasks of the same name that the file did not make are told of, and taken over only when asked`()
            async throws
        {
            let (shell, person) = try await Shell.newcomer()
            let id = try await person.makeTask(["name": "mine", "command": "false"])
            let file = try shell.file("own.yaml", "tasks:\n  - {name: mine, command: 'true', schedule: '@daily'}\n")
            for flags in [["--dry-run"], []] {
                let refused = try await shell.run(["apply", file] + flags)
                #expect(
                    refused.failed(5, "--adopt") && refused.error.contains(id) && refused.output.isEmpty, "\(refused)")
                #expect(try await person.get("/tasks")["total"] == 1)
            }
            let adopted = try await shell.qkron("apply", file, "--adopt")
            #expect(adopted.output.hasPrefix("~ mine: command \"false\" -> \"true\""), "\(adopted)")
            let rows = try await person.get("/tasks?limit=100").items
            #expect(rows.count == 1 && rows[0]["id"].string == id && rows[0]["tags"] == ["file:own"])
            let other = try shell.file("other.yaml", "tasks:\n  - {name: mine, command: x, schedule: '@daily'}\n")
            #expect(try await shell.qkron("apply", other).failed(5, "\(id), of file:own"))
        }

        @Test func `a superuser's file leaves alone what others tagged and named like its tasks`() async throws {
            let server = try Stage.current.server
            let mallory = try await server.newcomer()
            let name = "trap-\(UUID().uuidString)"
            let trap = try await mallory.makeTask(["name": .string(name), "tags": ["file:\(name)"]])
            let shell = try await Shell(server, ["QKRON_TOKEN": try await server.superuser().token])
            let text = "name: \(name)\ntasks:\n  - {name: \(name), command: 'secret', schedule: '@yearly'}\n"
            let applied = try await shell.qkron("apply", "-", "--prune", input: text)
            #expect(applied.output.hasPrefix("+ \(name)\n"), "\(applied)")
            #expect(try await mallory.get("/tasks/\(trap)")["command"] == "true")
            #expect(
                try await shell.qkron("apply", "-", "--prune", input: "name: \(name)\ntasks: []\n").output.hasPrefix(
                    "- \(name)\n"))
            #expect(try await mallory.call("GET", "/tasks/\(trap)").status == 200)
        }

        @Test func `a file that is wrong changes nothing, and each fault has its line`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let file = try shell.file(
                "wrong.yaml",
                "tasks:\n  - name: a\n    command: x\n    schedule: '61 * * * *'\n  - name: b\n    comand: x\n    schedule: 5m\n"
            )
            let answer = try await shell.qkron("apply", file)
            #expect(answer.failed(5, "\(file):6: tasks[1]: 'comand' is no field of a task"), "\(answer)")
            #expect(answer.error.contains("\(file):5: tasks[1]: 'command' is missing"))
            let refused = try shell.file(
                "refused.yaml", "tasks:\n  - name: a\n    command: x\n    schedule: '@daily'\n    env:\n      1A: b\n")
            let second = try await shell.qkron("apply", refused)
            #expect(second.failed(5, "\(refused):6: tasks[0].env.1A: "), "\(second)")
            let nobodys = try shell.file(
                "nobodys.yaml",
                """
                tasks:
                  - {name: a, command: x, schedule: "@daily", tags: [t]}
                  - name: b
                    command: x
                    schedule: "@daily"
                    ends_at: 2020-01-01T00:00:00Z
                    dependencies:
                      - a
                      - \(OwnershipTests.nobodys)
                """)
            let third = try await shell.qkron("apply", nobodys)
            #expect(third.failed(5, "\(nobodys):9: b: dependencies.1: is no task of yours"), "\(third)")
            #expect(third.error.contains("\(nobodys):5: b: schedule: this schedule never fires"), "\(third)")
            #expect(try await shell.qkron("apply", "-", input: "tasks: []").failed(5, "name:"))
            #expect(try await shell.qkron("apply", "\(shell.home)/nowhere").failed(5, "cannot be read"))
            #expect(try await shell.qkron("apply", shell.home).failed(5, "cannot be read"))
            #expect(try await person.get("/tasks")["total"] == 0)
        }

        @Test func `a refusal half way tells what is done and what is not, and the next apply does the rest`()
            async throws
        {
            let (shell, person) = try await Shell.newcomer()
            func file(_ waits: String) throws -> String {
                try shell.file(
                    "steps.yaml",
                    """
                    tasks:
                      - {name: first, command: x, schedule: "@daily"}
                      - {name: knot, command: x, schedule: "@daily", dependencies: [\(waits)]}
                      - {name: last, command: x, schedule: "@daily", dependencies: [knot]}
                    """)
            }
            #expect(
                try await shell.qkron(
                    "apply", "-",
                    input: "name: steps\ntasks:\n  - {name: knot, command: x, schedule: '@daily'}\n"
                ).hasSucceeded)
            let knot = try #require(try await person.get("/tasks?limit=1").items.first?["id"])
            let outside = try await person.makeTask(["name": "outside", "dependencies": [knot]])
            // That they would wait for each other only the server sees.
            let broken = try await shell.qkron("apply", try file(outside))
            let path = "\(shell.home)/steps.yaml"
            #expect(broken.failed(5, "\(path):3: knot: dependencies: the tasks would wait for each other"), "\(broken)")
            #expect(broken.output == "+ first\n")
            #expect(
                broken.error.contains("Done before that: 1 created, 0 changed, 0 deleted. Left to do:\n  ~ knot: ")
                    && broken.error.contains("\n  + last\n"), "\(broken)")
            let json = try await shell.qkron("apply", path, "--json")
            #expect(try json.end == .exited(5) && json.json["left_to_do"] == ["knot", "last"], "\(json)")
            let mended = try await shell.qkron("apply", try file("first"))
            #expect(mended.output.hasSuffix("1 created, 1 changed, 0 deleted, 1 unchanged.\n"), "\(mended)")
            #expect(try await person.get("/tasks")["total"] == 4)
        }

        @Test func `with every field set, what is exported is applied without a change`() async throws {
            let (shell, _) = try await Shell.newcomer()
            let text = """
                name: full
                tasks:
                  - {name: before, command: "true", schedule: "@daily"}
                  - name: everything
                    description: "two\\r\\nlines: #1"
                    task_type: command
                    command: "printf 'a\\r\\n'\\n"
                    schedule_type: cron
                    schedule: "*/7 2 * * *"
                    timezone: America/New_York
                    dst_policy: twice
                    starts_at: 2120-01-01T00:00:00
                    ends_at: 2121-01-01T00:00:00.123456+01:00
                    jitter: 5
                    misfire_policy: fire_all
                    misfire_grace: 7
                    overlap_policy: cancel_previous
                    timeout: 9
                    max_retries: 2
                    retry_delay: 11
                    retry_backoff: exponential
                    priority: 9
                    env: {A: "1", B: "b\\nc", TOKEN: hidden}
                    secret_env: [TOKEN]
                    working_directory: /tmp
                    limits: {nice: 3, open_files: 64}
                    requires: [gpu]
                    max_output_bytes: 204800
                    dependencies: [before]
                    tags: [b, a]
                    metadata_info: {deep: [1, 2.5, {x: null, y: "yes"}]}
                    is_active: false
                """
            #expect(try await shell.qkron("apply", "-", input: text).hasSucceeded)
            for format in ["yaml", "json"] {
                let exported = try await shell.qkron("export", "--format", format)
                #expect(exported.hasSucceeded && exported.error.isEmpty && !exported.output.contains("hidden"))
                let applied = try await shell.qkron("apply", "-", "--prune", input: exported.output)
                #expect(
                    applied.output == "0 created, 0 changed, 0 deleted, 2 unchanged.\n", "\(applied) \(exported.output)"
                )
            }
            let page = try await shell.qkron("task", "show", "everything").output
            for words in [
                "Jitter        starts spread over 5 s", "Priority      9 of 10", "nice 3, open_files 64",
                "2, after 11 s, doubling each time", "late only after 7 s", "two runs", "204800 bytes", "gpu",
                #""deep":[1,2.5"#, "pending, paused", "Variable      TOKEN=***", "cancel_previous: a new run ends",
            ] {
                #expect(page.contains(words), "\(words): \(page)")
            }
        }

        @Test func `an export that lacks something says so, and its exit code too`() async throws {
            let (shell, person) = try await Shell.newcomer()
            for _ in 1...2 { _ = try await person.makeTask(["name": "twin", "tags": ["t"]]) }
            let twins = try await shell.qkron("export")
            #expect(
                twins.failed(5, "Several tasks are named 'twin'") && twins.output.contains("- name: twin"), "\(twins)")
            _ = try await person.makeTask(["name": "open", "tags": ["shown"], "env": ["KEY": "value"]])
            #expect(try await shell.qkron("export", "--tag", "shown").hasSucceeded)
        }

        @Test func `an export holds the tasks of whoever asks, and those of others only where that is said`()
            async throws
        {
            let (_, person) = try await Shell.newcomer()
            let tag = "export-\(UUID().uuidString.lowercased())"
            _ = try await person.makeTask(["name": "theirs", "tags": [.string(tag)]])
            let root = try await person.server.superuser()
            _ = try await root.makeTask(["name": "mine", "tags": [.string(tag)]])
            let shell = try await Shell(person.server, ["QKRON_TOKEN": root.token])
            for (flags, names) in [
                ([], ["mine"]), (["--all"], ["mine", "theirs"]), (["--owner", person.username], ["theirs"]),
            ] as [([String], [String])] {
                let answer = try await shell.run(["export", "--format", "json", "--tag", tag] + flags)
                #expect(answer.hasSucceeded, "\(answer)")
                #expect(try answer.json["tasks"].items.compactMap { $0["name"].string } == names, "\(answer)")
            }
            #expect(try await shell.run(["export", "--all", "--owner", "x"]).failed(64, "contradicts"))
        }

        @Test func `a crontab of the system is not taken for a user's of the same name`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let user = try shell.file("crontab", "@daily /opt/mine\n")
            #expect(try await shell.qkron("import", "crontab", user).hasSucceeded)
            let system = try shell.file("crontab", "@daily root /opt/theirs\n")
            let second = try await shell.qkron("import", "crontab", "--system", system, "--prune")
            #expect(second.output.contains("1 created, 0 changed, 0 deleted"), "\(second)")
            #expect(
                Set(try await person.get("/tasks?limit=100").items.flatMap { $0["tags"].items.compactMap(\.string) })
                    == ["crontab:crontab", "crontab:system/crontab"])
        }

        @Test func `two crontabs may hold the same command, and the second import tells of the first`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let line = "@daily certbot renew\n"
            #expect(try await shell.qkron("import", "crontab", "-", "--name", "one", input: line).hasSucceeded)
            let id = try #require(try await person.get("/tasks?limit=1").items.first?["id"].string)
            let second = try await shell.qkron("import", "crontab", "-", "--name", "two", input: line)
            #expect(
                second.hasSucceeded
                    && second.output.contains("+ certbot renew (beside your other task of this name, \(id))"),
                "\(second)")
            #expect(try await person.get("/tasks")["total"] == 2)
        }

        private static let crontab = """
            # m h dom mon dow command
            MAILTO=ops@example.com
            GREETING=hello
            30 2 * * 1-5   /usr/local/bin/backup.sh --full >/dev/null 2>&1
            0 0 1 1 *      cat; echo $GREETING%first%100\\% second
            @reboot        /srv/start
            61 * * * *     oops
            """

        @Test func `a crontab is explained line by line without a server`() async throws {
            var shell = try await Shell(try Stage.current.server)
            shell.variables["QKRON_URL"] = "http://127.0.0.1:1"
            let file = try shell.file("crontab", Self.crontab)
            let answer = try await shell.qkron("import", "crontab", file, "--dry-run", "--tz", "Europe/Berlin")
            #expect(answer.failed(5, "2 lines of"), "\(answer)")
            for words in [
                "Times are those of Europe/Berlin", "\(file):2: MAILTO=ops@example.com\n  * No mail is sent",
                "  = backup.sh --full: Every weekday at 02:30, Europe/Berlin\n",
                "@reboot        /srv/start\n  ! cannot be taken over: @reboot", "! cannot be taken over: minute: '61'",
            ] {
                #expect(answer.output.contains(words), "\(words): \(answer.output)")
            }
            let json = try await shell.qkron("import", "crontab", file, "--dry-run", "--json").json
            #expect(
                json.items.count == 6 && json[2]["task"]["name"] == "backup.sh --full"
                    && json[5]["refused"].string != nil)
            let system = try await shell.qkron(
                "import", "crontab", "-", "--system", "--dry-run", input: "17 *\t* * *\troot\tcd / && run-parts x\n")
            #expect(
                system.hasSucceeded && system.output.contains("= run-parts x: At 17 minutes past every hour"),
                "\(system)")
        }

        @Test func `a crontab becomes tasks that run as under cron, once, and follow its changes`() async throws {
            let (shell, person) = try await Shell.newcomer()
            let file = try shell.file("crontab", Self.crontab)
            let first = try await shell.qkron("import", "crontab", file)
            #expect(
                first.end == .exited(5) && first.output.contains("2 created, 0 changed, 0 deleted, 0 unchanged."),
                "\(first)")
            let second = try await shell.qkron("import", "crontab", file)
            #expect(second.output.contains("0 created, 0 changed, 0 deleted, 2 unchanged."), "\(second)")
            let tasks = try await person.get("/tasks?limit=100&tag=crontab:crontab").items
            #expect(tasks.count == 2 && tasks.allSatisfy { $0["max_retries"] == 0 && $0["overlap_policy"] == "allow" })
            let run = try await shell.qkron("task", "run", "cat", "--wait")
            #expect(run.hasSucceeded && run.output == "first\n100% second\nhello\n", "\(run)")

            _ = try shell.file("crontab", "0 3 * * 1-5 /usr/local/bin/backup.sh --full >/dev/null 2>&1\n")
            let third = try await shell.qkron("import", "crontab", file, "--prune")
            #expect(third.hasSucceeded, "\(third)")
            #expect(
                third.output.contains(#"~ backup.sh --full: schedule "30 2 * * 1-5" -> "0 3 * * 1-5", env -GREETING"#),
                "\(third)")
            #expect(third.output.hasSuffix("- cat\n0 created, 1 changed, 1 deleted, 0 unchanged.\n"))
        }
    }
}

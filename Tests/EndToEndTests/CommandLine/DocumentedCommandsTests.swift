import EndToEndSupport
import Foundation
import Testing

extension EndToEnd {
    /// docs/cli.md against the program.
    @Suite struct DocumentedCommandsTests {
        @Test func `the page names every command, no flag that does not exist, and who writes no JSON`() async throws {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../../docs/cli.md").standardized
            let page = try String(contentsOf: file, encoding: .utf8)
            let help = try await Tool(workspace: try Stage.current.workspace).run(
                [try Tool.qkron(), "--experimental-dump-help"])
            var flags: Set<String> = ["--generate-completion-script"]
            var (commands, withoutJSON): ([String], [String]) = ([], [])
            func walk(_ command: JSON, _ path: String) {
                guard command["shouldDisplay"] != false, command["commandName"] != "help" else { return }
                let path = path + (path.isEmpty ? "" : " ") + (command["commandName"].string ?? "?")
                var own: Set<String> = []
                for argument in command["arguments"].items {
                    for name in argument["names"].items where name["kind"] == "long" {
                        own.insert("--\(name["name"].string ?? "")")
                    }
                }
                flags.formUnion(own)
                let children = command["subcommands"].items.filter { $0["commandName"] != "help" }
                if children.isEmpty { commands.append(path) }
                if children.isEmpty, !own.contains("--json") { withoutJSON.append(path) }
                for child in children { walk(child, path) }
            }
            walk(try help.json["command"], "")
            #expect(commands.count > 20, "\(commands)")
            for command in commands { #expect(page.contains("`\(command)`"), "\(command)") }
            #expect(Set(withoutJSON) == ["qkron serve", "qkron export"])
            let named = try NSRegularExpression(pattern: "(?<![-\\w])--[a-z][a-z-]+")
            // What stands in examples of commands that are not ours.
            let others: Set<String> = ["--full"]
            for match in named.matches(in: page, range: NSRange(page.startIndex..., in: page)) {
                let flag = Range(match.range, in: page).map { String(page[$0]) } ?? ""
                #expect(flags.union(others).contains(flag), "\(flag)")
            }
        }
    }
}

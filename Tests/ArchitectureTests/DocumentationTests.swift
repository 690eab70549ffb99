import Foundation
import Testing

/// The pages for operators name what there is to set, and nothing else.
@Suite struct DocumentationTests {
    private let settings: Set<String>
    /// What the commands that talk to a server read.
    private let clientVariables: Set<String> = [
        "QKRON_URL", "QKRON_USER", "QKRON_TOKEN", "QKRON_API_KEY", "QKRON_CA_FILE",
    ]

    init() throws {
        let file = try #require(
            try SourceFile.all(in: "Sources/qkron/Configuration", extensions: ["swift"])
                .first { $0.path.hasSuffix("/Setting.swift") })
        settings = Set(try Self.words(matching: "^    case \\w+ = \"([A-Z_]+)\"", in: file.text.lines))
        try #require(settings.count > 30)
    }

    @Test func `the page of settings has a row for each`() throws {
        let rows = try Self.lines(of: "docs/configuration.md").filter { $0.hasPrefix("| `") }
        let keys = rows.compactMap { $0.split(separator: "|").first.map(String.init) }
        #expect(Set(try Self.words(matching: "`([A-Z_]+)`", in: keys)) == settings.union(clientVariables))
    }

    @Test func `the example holds each`() throws {
        let lines = try Self.lines(of: ".env.example").prefix { !$0.contains("qkron itself does not read") }
        #expect(Set(try Self.words(matching: "^#([A-Z_]+)=", in: lines)) == settings)
    }

    @Test(arguments: ["README.md", "docs/operations.md", "docs/security.md", "docs/monitoring.md"])
    func `no page names a setting that does not exist`(page: String) throws {
        let others: Set<String> = [
            "KEY", "QKRON_KEY", "KEY_FILE", "SIGTERM", "SIGKILL", "LISTEN", "NOTIFY", "POSTGRES_PASSWORD",
            "GRAFANA_PASSWORD",
        ]
        let named = Set(try Self.words(matching: "`([A-Z][A-Z_]{2,})(?:=[^`]*)?`", in: try Self.lines(of: page)))
        #expect(named.subtracting(settings).subtracting(clientVariables).subtracting(others) == [])
    }

    @Test func `no page holds the marks of a merge`() throws {
        for page in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + (try Self.pages()) {
            #expect(try Self.words(matching: "^(<{7}|>{7}|={7})( |$)", in: try Self.lines(of: page)) == [], "\(page)")
        }
    }

    private static func pages() throws -> [String] {
        try SourceFile.all(in: "docs", extensions: ["md"]).map(\.path)
    }

    private static func lines(of page: String) throws -> [String] {
        try SourceFile(path: page).text.lines
    }

    /// What the first group of a pattern finds, in the order of the lines.
    private static func words(matching pattern: String, in lines: some Sequence<String>) throws -> [String] {
        let expression = try NSRegularExpression(pattern: pattern)
        return lines.flatMap { line in
            expression.matches(in: line, range: NSRange(line.startIndex..., in: line)).compactMap { match in
                Range(match.range(at: 1), in: line).map { String(line[$0]) }
            }
        }
    }
}

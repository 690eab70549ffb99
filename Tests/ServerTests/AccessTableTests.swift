import Domain
import Foundation
import HTTPTypes
import Operations
import Telemetry
import Testing

@testable import Server

/// The page that says who may call what is written from the routes themselves.
@Suite struct AccessTableTests {
    private static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/access.md")
    private static let mark =
        "<!-- What follows is written from the routes: WRITE_ACCESS_TABLE=1 swift test --filter AccessTableTests -->"

    @Test func `docs/access.md tells of every route what it enforces`() throws {
        let written = try String(contentsOf: Self.page, encoding: .utf8)
        let text = try #require(written.components(separatedBy: Self.mark).first)
        let expected = text + Self.mark + "\n\n" + (try Self.tables())
        if ProcessInfo.processInfo.environment["WRITE_ACCESS_TABLE"] != nil {
            try Data(expected.utf8).write(to: Self.page)
        } else {
            #expect(written == expected, "write it anew with WRITE_ACCESS_TABLE=1")
        }
    }

    @Test func `every rule is explained, and what nobody needs to log in for is little`() throws {
        let written = try String(contentsOf: Self.page, encoding: .utf8)
        for rule in AccessRule.allCases { #expect(written.contains("| \(rule.words) | "), "\(rule)") }
        let unguarded = try Self.routes(metricsRequireAuth: true).filter { [.open, .anonymous].contains($0.access) }
        let described = ["/docs", "/docs/assets/{file_name}", "/openapi.json", "/redoc"]
        // The trigger asks for the task's own secret.
        let allowed = [
            "/", "/auth/login", "/auth/register", "/health", "/live", "/ready", "/tasks/webhook/trigger/{task_id}",
        ]
        #expect(Set(unguarded.map(\.path)).isSubset(of: allowed + described))
    }

    private static func routes(metricsRequireAuth: Bool) throws -> [Route] {
        QkronServer.routes(
            try OperationSet.unconnected(),
            ServerConfiguration(host: "", port: 0, version: "", metricsRequireAuth: metricsRequireAuth),
            PrometheusRegistry())
    }

    private static func tables() throws -> String {
        let usual = rows(of: try routes(metricsRequireAuth: false))
        let guarded = rows(of: try routes(metricsRequireAuth: true)).filter { !usual.contains($0) }
        let head = "| method | path | who | API keys of the scope |\n|---|---|---|---|\n"
        return "## Routes\n\n" + head + usual.joined() + "\n## With METRICS_REQUIRE_AUTH=true\n\n" + head
            + guarded.joined()
    }

    private static func rows(of routes: [Route]) -> [String] {
        routes.flatMap { route in
            route.templates.map { template in
                let scope = route.scope.map { "`\($0.rawValue)`" } ?? "–"
                let isFree = route.access == .open || route.access == .anonymous && route.scope == nil
                return (
                    template, route.method.rawValue,
                    "| \(route.method.rawValue) | `\(template)` | \(route.access.words) | \(isFree ? "any" : scope) |\n"
                )
            }
        }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }
}

extension AccessRule {
    /// How the page calls the rule.
    fileprivate var words: String {
        switch self {
        case .open: "open"
        case .anonymous: "anonymous"
        case .any: "any"
        case .anyOrService: "any, service"
        case .user: "user"
        case .userOrService: "user, service"
        case .reader: "reader"
        case .owner: "owner"
        case .ownerInPerson: "owner in person"
        case .selfOrSuperuser: "self, superuser"
        case .superuser: "superuser"
        case .superuserOrKey: "superuser, service, key"
        }
    }
}

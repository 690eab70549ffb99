import Foundation
import TestSupport
import Testing

@testable import Postgres

@Suite struct SQLTests {
    @Test func `interpolated values become numbered parameters`() {
        let name = "x'; DROP TABLE users; --"
        let sql: SQL = "SELECT * FROM users WHERE name = \(name) AND age > \(18)"
        #expect(sql.text == "SELECT * FROM users WHERE name = $1 AND age > $2")
        #expect(sql.parameters == [name.postgresValue, 18.postgresValue])
    }

    @Test func `fragments are renumbered`() {
        let inner: SQL = "a = \(1) OR b = \(2)"
        let outer: SQL = "SELECT \(0) WHERE (\(inner)) AND (\(inner)) AND c = \(3)"
        #expect(outer.text == "SELECT $1 WHERE (a = $2 OR b = $3) AND (a = $4 OR b = $5) AND c = $6")
        #expect(outer.parameters == [0, 1, 2, 1, 2, 3].map(\.postgresValue))
    }

    @Test func `parts are joined`() {
        #expect(SQL.joined(["a = \(1)", "b = \(2)"], separator: " AND ").text == "a = $1 AND b = $2")
        #expect(SQL.joined([], separator: " AND ").text.isEmpty)
    }

    @Test func `a hostile text arrives as data`() async throws {
        let pool = try await makePool()
        for text in ["'; DROP TABLE x; --", "$1 $2", "\\'\"", "ünïcödé 🐘", ""] {
            #expect(try await pool.value("SELECT \(text) AS value") == text)
        }
    }

    @Test func `identifiers are quoted`() {
        #expect(quoted(identifier: "a\"b") == "\"a\"\"b\"")
    }
}

@Suite struct ConfigurationTests {
    @Test func `the description hides the password`() {
        let configuration = PostgresConfiguration(url: "postgres://me:s3cret@db.example:6432/qkron?sslmode=require")
        #expect(configuration.description == "db.example:6432/qkron as me")
        #expect(!"\(configuration)".contains("s3cret"))
        #expect(!String(reflecting: configuration).contains("s3cret"))
    }

    @Test(arguments: [
        "postgres://me:s3c@ret@host/db", "postgres://me:s3c/ret@host/db", "postgres://me:s3c?r@et@host/db",
        "host=x password='s3cret", "postgres://me:%zzret@host/db",
    ])
    func `a URL that cannot be read is refused without showing it`(url: String) async {
        await #expect {
            _ = try await PostgresConnection.connect(PostgresConfiguration(url: url))
        } throws: {
            ($0 as? PostgresError)?.kind == .invalidParameter
                && !["s3c", "et@", "ret"].contains(where: "\($0)".contains)
        }
    }
}

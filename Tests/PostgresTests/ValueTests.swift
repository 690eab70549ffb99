import Foundation
import TestSupport
import Testing

@testable import Postgres

@Suite struct ValueTests {
    private func echo<T: PostgresEncodable & PostgresDecodable & Equatable>(_ values: T..., on pool: PostgresPool)
        async throws
    {
        for value in values { #expect(try await pool.value("SELECT \(value) AS value", as: T.self) == value) }
    }

    @Test func `every type survives a round trip`() async throws {
        let pool = try await makePool()
        try await echo(0, 1, -1, Int.max, Int.min, on: pool)
        try await echo(Int32.max, Int32.min, on: pool)
        try await echo(true, false, on: pool)
        try await echo(0.1, -0.0, .infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, on: pool)
        try await echo("", "a", "🐘", on: pool)
        try await echo(UUID(), on: pool)
        try await echo([UInt8]([]), [0, 255, 0], on: pool)
        try await echo(Data([1, 0, 2]), Data(), on: pool)
        try await echo(UInt8(255), on: pool)
        #expect(try await pool.value("SELECT \(Double.nan) AS value", as: Double.self).isNaN)
    }

    @Test func `optionals bind a typed NULL`() async throws {
        let pool = try await makePool()
        try await echo(Int?.none, 5, on: pool)
        try await echo(String?.none, "a", on: pool)
        try await echo(Date?.none, on: pool)
        try await echo(UUID?.none, on: pool)
        try await echo([UInt8]?.none, [1], on: pool)
        try await echo([Int]?.none, [], [1], on: pool)
        #expect(try await pool.value("SELECT pg_typeof(\(Date?.none))::text AS value") == "timestamp with time zone")
    }

    @Test func `arrays survive, empty or with NULL inside`() async throws {
        let pool = try await makePool()
        try await echo([Int](), [1, -2], on: pool)
        try await echo([Int?](), [nil], [1, nil, 3], on: pool)
        try await echo([String?](), ["a", nil, "", "{,\"}"], on: pool)
        try await echo([UUID(), UUID()], on: pool)
        try await echo([true, false], on: pool)
        try await echo([1.5, nil] as [Double?], on: pool)
        try await echo([Date(timeIntervalSince1970: 1.5), nil] as [Date?], on: pool)
        try await echo([[1, 2], []] as [[UInt8]], on: pool)
        #expect(try await pool.value("SELECT array_length(\(Array(0..<1000)), 1) AS value", as: Int.self) == 1000)
    }

    @Test(arguments: [
        (0, "1970-01-01 00:00:00+00"), (946_684_800, "2000-01-01 00:00:00+00"),
        (-0.000001, "1969-12-31 23:59:59.999999+00"), (1_767_225_599.9999996, "2026-01-01 00:00:00+00"),
        (1_767_225_600.1234564, "2026-01-01 00:00:00.123456+00"),
    ])
    func `instants are rounded to the nearest microsecond`(seconds: Double, text: String) async throws {
        let pool = try await makePool(size: 1)
        let date = Date(timeIntervalSince1970: seconds)
        #expect(try await pool.value("SELECT \(date)::text AS value") == text)
        let read: Date = try await pool.value("SELECT \(date) AS value")
        #expect(abs(read.timeIntervalSince(date)) <= 0.000_000_7)
        #expect(read.postgresValue == date.postgresValue)
    }

    @Test func `far instants are taken and those beyond the range refused`() async throws {
        let pool = try await makePool()
        try await echo(Date.distantPast, .distantFuture, on: pool)
        for seconds in [Double.infinity, .nan, 1e300, -1e12, 1e13] {
            await #expect { try await pool.query("SELECT \(Date(timeIntervalSince1970: seconds))") } throws: {
                ($0 as? PostgresError)?.kind == .invalidParameter
            }
        }
        await #expect(throws: PostgresError.self) {
            try await pool.value("SELECT 'infinity'::timestamptz AS value", as: Date.self)
        }
    }

    @Test func `JSON goes in as jsonb and comes out of json and jsonb`() async throws {
        let pool = try await makePool()
        let json: JSONText = try await pool.value("SELECT \(JSONText(#"{"a":[1,"ü"]}"#)) AS value")
        #expect(json.text == #"{"a": [1, "ü"]}"#)
        #expect(try await pool.value("SELECT '{\"a\":1}'::json AS value", as: JSONText.self).text == #"{"a":1}"#)
        #expect(try await pool.value("SELECT \(JSONText(#"{"a":7}"#))->>'a' AS value") == "7")
    }

    @Test func `narrower and kindred types are read`() async throws {
        let pool = try await makePool()
        let row = try #require(
            try await pool.query(
                "SELECT 1::int2 AS a, 2::int4 AS b, 1.5::float4 AS c, 'n'::name AS d, 'v'::varchar(5) AS e"
            ).first)
        #expect(try row.decode("a", as: Int.self) == 1)
        #expect(try row.decode("b", as: Int.self) == 2)
        #expect(try row.decode("c", as: Double.self) == 1.5)
        #expect(try row.decode("d", as: String.self) == "n")
        #expect(try row.decode("e", as: String.self) == "v")
    }

    @Test func `what does not fit is named`() async throws {
        let pool = try await makePool()
        let row = try #require(try await pool.query("SELECT 1::int8 AS a, NULL::text AS b, ARRAY[[1]] AS c").first)
        let wrongType = #expect(throws: PostgresError.self) { try row.decode("a", as: String.self) }
        #expect(wrongType?.message == "Column a holds bigint, not String.")
        let null = #expect(throws: PostgresError.self) { try row.decode("b", as: String.self) }
        #expect(null?.message == "Column b holds NULL, not a value.")
        let missing = #expect(throws: PostgresError.self) { try row.decode("z", as: Int.self) }
        #expect(missing?.message == "There is no column z; there are: a, b, c.")
        let deep = #expect(throws: PostgresError.self) { try row.decode("c", as: [Int].self) }
        #expect(deep?.kind == .decoding)
    }

    @Test func `a NUL in a text and arrays of arrays are refused before sending`() async throws {
        let pool = try await makePool()
        for sql: SQL in ["SELECT \("a\0b")", "SELECT \(["a\0b"])", "SELECT \([[1]])", "SELECT \(JSONText("\0"))"] {
            await #expect { try await pool.query(sql) } throws: {
                ($0 as? PostgresError)?.kind == .invalidParameter
            }
        }
        #expect(try await pool.value("SELECT 1 AS value", as: Int.self) == 1)
    }
}

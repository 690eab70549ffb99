import Domain
import Foundation
import Postgres

extension Store {
    /// How long the output of an execution is written as it comes after somebody wished it last.
    private static let watchSeconds = 30
    /// Bytes of each stream that are kept for those who come later or read slowly.
    private static let keptBytes = 2 << 20

    /// Wishes that the output of an execution be written as it comes, for the next half minute.
    package func wishOutput(of id: Identifier<Execution>) async throws {
        try await change(
            """
            INSERT INTO qkron.output_watches (execution_id, until)
            VALUES (\(id.uuid), clock_timestamp() + make_interval(secs => \(Double(Self.watchSeconds))))
            ON CONFLICT (execution_id) DO UPDATE SET until = EXCLUDED.until
            """)
    }

    /// Those of the executions whose output somebody wishes to see.
    package func watched(among ids: [Identifier<Execution>]) async throws -> Set<Identifier<Execution>> {
        guard !ids.isEmpty else { return [] }
        let rows = try await rows(
            """
            SELECT execution_id FROM qkron.output_watches
            WHERE execution_id = ANY(\(ids.map(\.uuid))) AND until > clock_timestamp()
            """)
        return Set(try decode(rows) { Identifier(try $0.decode("execution_id")) })
    }

    /// How far the output of an attempt is written already, by this server or the one before it.
    package func writtenOutput(of lease: Lease) async throws -> [OutputChannel: OutputPlace] {
        let rows = try await rows(
            """
            SELECT DISTINCT ON (stream) stream, ends_at, raw_end FROM qkron.live_output
            WHERE execution_id = \(lease.executionID.uuid) AND attempt = \(lease.attempt)
            ORDER BY stream, begins_at DESC
            """)
        let places = try decode(rows) {
            (
                try $0.named("stream") as OutputChannel,
                OutputPlace(text: try $0.decode("ends_at"), raw: try $0.decode("raw_end"))
            )
        }
        return Dictionary(uniqueKeysWithValues: places)
    }

    /// Writes what an attempt has put out since, if it is still the lease's; the oldest gives way.
    package func write(_ pieces: [OutputPiece], of lease: Lease) async throws {
        let (id, attempt) = (lease.executionID.uuid, lease.attempt)
        try await change(
            """
            INSERT INTO qkron.live_output (execution_id, attempt, stream, begins_at, ends_at, raw_end, text)
            SELECT \(id), \(attempt), p.*
            FROM unnest(\(pieces.map(\.stream.rawValue)), \(pieces.map(\.begin)), \(pieces.map(\.end.text)),
                        \(pieces.map(\.end.raw)), \(pieces.map(\.text)))
                 AS p (stream, begins_at, ends_at, raw_end, text)
            WHERE EXISTS (SELECT FROM qkron.executions e
                          WHERE e.id = \(id) AND e.status = 'running' AND e.fencing_token = \(lease.fencingToken))
            ON CONFLICT DO NOTHING
            """)
        for (stream, end) in Dictionary(pieces.map { ($0.stream, $0.end.text) }, uniquingKeysWith: max)
        where end > Self.keptBytes {
            try await change(
                """
                DELETE FROM qkron.live_output
                WHERE execution_id = \(id) AND attempt = \(attempt) AND stream = \(stream.rawValue)
                  AND begins_at < \(end - Self.keptBytes)
                """)
        }
    }

    /// Removes wishes that are over and what was written of attempts that have ended.
    package func sweepLiveOutput() async throws {
        try await change("DELETE FROM qkron.output_watches WHERE until < clock_timestamp()")
        try await change(
            """
            DELETE FROM qkron.live_output l
            WHERE NOT EXISTS (SELECT FROM qkron.executions e
                              WHERE e.id = l.execution_id AND e.status = 'running' AND e.attempt_number = l.attempt)
            """)
    }

    /// How far the output of an attempt is written while it runs, in bytes of text; nil where it does not run.
    package func liveReach(
        of id: Identifier<Execution>, attempt: Int
    ) async throws -> [OutputChannel: Int]? {
        // One statement: what is written of an attempt goes once it has ended.
        let rows = try await rows(
            """
            SELECT s.stream,
                   (SELECT max(l.ends_at) FROM qkron.live_output l
                    WHERE l.execution_id = e.id AND l.attempt = e.attempt_number AND l.stream = s.stream) AS reach
            FROM qkron.executions e
            CROSS JOIN unnest(\(OutputChannel.allCases.map(\.rawValue))) AS s (stream)
            WHERE e.id = \(id.uuid) AND e.attempt_number = \(attempt) AND e.status = 'running'
            """)
        let reaches = try decode(rows) {
            (try $0.named("stream") as OutputChannel, try $0.decode("reach", as: Int?.self) ?? 0)
        }
        return reaches.isEmpty ? nil : Dictionary(uniqueKeysWithValues: reaches)
    }

    /// What a running attempt has written beyond these places, in bytes of text, as far as it is kept; not all at once.
    package func liveOutput(
        of id: Identifier<Execution>, attempt: Int, beyond places: [OutputChannel: Int]
    ) async throws -> [OutputPiece] {
        let rows = try await rows(
            """
            SELECT l.*
            FROM unnest(\(OutputChannel.allCases.map(\.rawValue)), \(OutputChannel.allCases.map { places[$0] ?? 0 }))
                 AS s (stream, place)
            CROSS JOIN LATERAL (
                SELECT stream, begins_at, raw_end, text FROM qkron.live_output
                WHERE execution_id = \(id.uuid) AND attempt = \(attempt) AND stream = s.stream AND ends_at > s.place
                ORDER BY begins_at LIMIT 4) AS l
            ORDER BY l.stream DESC, l.begins_at
            """)
        return try decode(rows) {
            OutputPiece(
                try $0.named("stream"), begin: try $0.decode("begins_at"), text: try $0.decode("text"),
                rawEnd: try $0.decode("raw_end"))
        }
    }
}

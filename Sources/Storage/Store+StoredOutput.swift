import Domain
import Foundation
import Postgres

/// Where a watched execution stands.
package struct WatchedExecution: Sendable, Equatable {
    package let status: ExecutionStatus
    package let reason: Reason?
    package let attempt: Int
    package let returnCode: Int?
}

/// How a stored stream is made up.
package struct StoredStream: Sendable {
    /// Bytes of the stored text.
    package let size: Int
    /// Bytes before the line that tells of what was cut, and that line; nil: nothing was.
    package let cut: (head: Int, mark: String)?

    /// Bytes of the text as they would have counted had nothing been cut.
    package var wholeSize: Int {
        guard let cut else { return size }
        return size - cut.mark.utf8.count + OutputText.bytesCut(by: cut.mark)
    }
}

extension Store {
    /// Where an execution stands; nil when it is gone.
    package func watchedExecution(_ id: Identifier<Execution>) async throws -> WatchedExecution? {
        let rows = try await read(
            "SELECT status, reason, attempt_number, return_code FROM qkron.executions WHERE id = \(id.uuid)")
        return try decode(rows) {
            WatchedExecution(
                status: try $0.named("status"), reason: try $0.namedIfPresent("reason"),
                attempt: try $0.decode("attempt_number"), returnCode: try $0.decode("return_code"))
        }.first
    }

    /// How a stream of an execution's stored output is made up.
    package func storedStream(
        _ stream: OutputChannel, of id: Identifier<Execution>
    ) async throws -> StoredStream {
        let rows = try await rows(
            """
            SELECT octet_length(s.text) AS size, m.mark,
                   octet_length(left(s.text, strpos(s.text, m.mark) - 1)) AS head
            FROM qkron.execution_output o
            CROSS JOIN LATERAL (SELECT \(stream.column) AS text, \(stream.truncatedColumn) AS is_cut) AS s
            CROSS JOIN LATERAL (
                SELECT CASE WHEN s.is_cut THEN substring(s.text FROM \(OutputText.markPattern)) END AS mark) AS m
            WHERE o.execution_id = \(id.uuid)
            """)
        let streams = try decode(rows) { row -> StoredStream in
            let mark: String? = try row.decode("mark")
            let head: Int? = try row.decode("head")
            let cut = mark.flatMap { mark in head.map { (head: $0, mark: mark) } }
            return StoredStream(size: try row.decode("size"), cut: cut)
        }
        return streams.first ?? StoredStream(size: 0, cut: nil)
    }

    /// So many bytes of a stored stream; fewer at its end.
    package func storedBytes(
        _ stream: OutputChannel, of id: Identifier<Execution>, from offset: Int, count: Int
    ) async throws -> [UInt8] {
        let rows = try await rows(
            """
            SELECT substring(convert_to(\(stream.column), 'UTF8')
                             FROM \(Int32(clamping: offset + 1)) FOR \(Int32(clamping: count))) AS bytes
            FROM qkron.execution_output o WHERE o.execution_id = \(id.uuid)
            """)
        return try decode(rows) { try $0.decode("bytes", as: [UInt8].self) }.first ?? []
    }
}

extension OutputChannel {
    fileprivate var column: SQL {
        switch self {
        case .stdout: "o.stdout"
        case .stderr: "o.stderr"
        }
    }

    fileprivate var truncatedColumn: SQL {
        switch self {
        case .stdout: "o.stdout_truncated"
        case .stderr: "o.stderr_truncated"
        }
    }
}

import CLibPQ
import Foundation
import Synchronization

/// What one statement answered, kept in libpq's own memory.
///
/// Sendable: libpq never changes a result after handing it out, its readers only read, and the memory is freed once,
/// when the last row that points into it is gone.
final class PostgresResult: @unchecked Sendable {
    let pointer: OpaquePointer
    /// The position after the one that was read last: mostly columns are read in their order.
    let following = Atomic<Int>(0)

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }
    var rowCount: Int { Int(PQntuples(pointer)) }
    var tag: String { String(cString: PQcmdStatus(pointer)) }

    var affectedRows: Int {
        Int(String(cString: PQcmdTuples(pointer))) ?? 0
    }

    var error: PostgresError? {
        switch status {
        case PGRES_BAD_RESPONSE, PGRES_FATAL_ERROR: PostgresError(result: pointer)
        default: nil
        }
    }

    func rows(_ columns: PostgresColumns) -> [PostgresRow] {
        (0..<rowCount).map { PostgresRow(result: self, columns: columns, index: Int32($0)) }
    }
}

/// The names of a result's columns, made once per prepared statement and shared by all its rows.
final class PostgresColumns: Sendable {
    /// In order; of columns with the same name only the first has it.
    let names: [String]

    init(_ result: PostgresResult) {
        var seen: Set<String> = []
        names = (0..<PQnfields(result.pointer)).map { index in
            let name = String(cString: PQfname(result.pointer, index))
            return seen.insert(name).inserted ? name : ""
        }
    }

    /// The first column of this name, looked for where it probably is first.
    func position(of name: String, near following: borrowing Atomic<Int>) -> Int32? {
        let likely = following.load(ordering: .relaxed)
        let isThere = likely < names.count && names[likely] == name
        guard let position = isThere ? likely : names.firstIndex(of: name) else { return nil }
        following.store(position + 1, ordering: .relaxed)
        return Int32(truncatingIfNeeded: position)
    }
}

/// One row of an answer. Rows of one answer share its memory.
package struct PostgresRow: Sendable {
    let result: PostgresResult
    let columns: PostgresColumns
    let index: Int32

    /// The column's value; of columns with the same name, the first. NULL fits only optionals.
    ///
    /// Throws `.decoding`, naming the column and both types, when there is no such column or it holds something else.
    package func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let position = columns.position(of: column, near: result.following) else {
            throw PostgresError(
                .decoding, "There is no column \(column); there are: \(columns.names.joined(separator: ", ")).")
        }
        var bytes: UnsafeRawBufferPointer?
        if PQgetisnull(result.pointer, index, position) == 0 {
            let count = Int(PQgetlength(result.pointer, index, position))
            bytes = UnsafeRawBufferPointer(start: PQgetvalue(result.pointer, index, position), count: count)
        }
        let type = PQftype(result.pointer, position)
        return try T(postgres: PostgresCell(type: type, column: column, bytes: bytes, owner: result))
    }
}

/// One value of a row, or one element of an array in it, in the server's binary form.
package struct PostgresCell {
    /// The OID of its type.
    package let type: UInt32
    /// The column it stands in, for messages.
    package let column: String
    /// NULL when nil; the memory belongs to `owner`, which the cell keeps alive.
    private let bytes: UnsafeRawBufferPointer?
    private let owner: PostgresResult

    init(type: UInt32, column: String, bytes: UnsafeRawBufferPointer?, owner: PostgresResult) {
        self.type = type
        self.column = column
        self.bytes = bytes
        self.owner = owner
    }

    /// Whether it is NULL.
    package var isNull: Bool { bytes == nil }

    /// The error that says this cell is not what was asked for. It names types, never the content.
    package func mismatch(_ wanted: String, found: String? = nil) -> PostgresError {
        let found = isNull ? "NULL" : found ?? PostgresType.name(ofOID: type)
        return PostgresError(.decoding, "Column \(column) holds \(found), not \(wanted).")
    }

    func content() throws(PostgresError) -> UnsafeRawBufferPointer {
        guard let bytes else { throw mismatch("a value") }
        return bytes
    }

    func content(of count: Int) throws(PostgresError) -> UnsafeRawBufferPointer {
        let bytes = try content()
        guard bytes.count == count else { throw mismatch("\(count) bytes", found: "\(bytes.count) bytes") }
        return bytes
    }

    func integer<I: FixedWidthInteger>(as _: I.Type) throws(PostgresError) -> I {
        I(bigEndian: try content(of: MemoryLayout<I>.size).loadUnaligned(as: I.self))
    }

    /// The elements of an array of at most one dimension.
    func arrayElements() throws(PostgresError) -> [PostgresCell] {
        let bytes = try content()
        let headSize = 12
        // Scalars of that length would be read as a head; the type tells them apart.
        guard PostgresType.name(ofOID: type).hasSuffix("[]"), bytes.count >= headSize else {
            throw mismatch("an array")
        }
        let dimensions = read(bytes, at: 0)
        let elementType = UInt32(bitPattern: read(bytes, at: 8))
        guard dimensions > 0 else { return [] }
        guard dimensions == 1, bytes.count >= headSize + 8 else {
            throw mismatch("an array of one dimension", found: "\(dimensions) dimensions")
        }
        var elements: [PostgresCell] = []
        var offset = headSize + 8
        for _ in 0..<read(bytes, at: headSize) {
            guard offset + 4 <= bytes.count else { throw mismatch("an array", found: "a cut array") }
            let size = Int(read(bytes, at: offset))
            offset += 4
            guard offset + max(size, 0) <= bytes.count else { throw mismatch("an array", found: "a cut array") }
            let element = size < 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size])
            elements.append(PostgresCell(type: elementType, column: column, bytes: element, owner: owner))
            offset += max(size, 0)
        }
        return elements
    }

    private func read(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int32 {
        Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }
}

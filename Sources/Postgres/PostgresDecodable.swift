import Foundation

/// A value that can be read from a column.
package protocol PostgresDecodable {
    /// Reads the cell; throws `.decoding` when its type or its content does not fit.
    init(postgres cell: PostgresCell) throws(PostgresError)
    /// Reads many values from one cell; an array of the server unless the type says otherwise.
    static func elements(postgres cell: PostgresCell) throws(PostgresError) -> [Self]
}

extension PostgresDecodable {
    package static func elements(postgres cell: PostgresCell) throws(PostgresError) -> [Self] {
        var elements: [Self] = []
        for element in try cell.arrayElements() {
            elements.append(try Self(postgres: element))
        }
        return elements
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self = cell.isNull ? .none : .some(try Wrapped(postgres: cell))
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self = try Element.elements(postgres: cell)
    }
}

extension Int: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        switch cell.type {
        case PostgresType.int8.oid: self = Int(try cell.integer(as: Int64.self))
        case PostgresType.int4.oid: self = Int(try cell.integer(as: Int32.self))
        case PostgresType.int2.oid: self = Int(try cell.integer(as: Int16.self))
        default: throw cell.mismatch("Int")
        }
    }
}

extension Int32: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        switch cell.type {
        case PostgresType.int4.oid: self = try cell.integer(as: Int32.self)
        case PostgresType.int2.oid: self = Int32(try cell.integer(as: Int16.self))
        default: throw cell.mismatch("Int32")
        }
    }
}

/// A byte alone is a `smallint` from 0 to 255; an array of bytes is one `bytea`.
extension UInt8: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard cell.type == PostgresType.int2.oid, let byte = UInt8(exactly: try cell.integer(as: Int16.self)) else {
            throw cell.mismatch("UInt8")
        }
        self = byte
    }

    package static func elements(postgres cell: PostgresCell) throws(PostgresError) -> [UInt8] {
        guard cell.type == PostgresType.bytea.oid else { throw cell.mismatch("[UInt8]") }
        return [UInt8](try cell.content())
    }
}

extension Data: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard cell.type == PostgresType.bytea.oid else { throw cell.mismatch("Data") }
        self.init(try cell.content())
    }
}

extension Bool: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard cell.type == PostgresType.bool.oid else { throw cell.mismatch("Bool") }
        self = try cell.content(of: 1)[0] != 0
    }
}

extension Double: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        switch cell.type {
        case PostgresType.float8.oid: self = Double(bitPattern: try cell.integer(as: UInt64.self))
        case PostgresType.float4.oid: self = Double(Float(bitPattern: try cell.integer(as: UInt32.self)))
        default: throw cell.mismatch("Double")
        }
    }
}

extension String: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        switch cell.type {
        case PostgresType.text.oid, PostgresType.varchar.oid, PostgresType.name.oid, PostgresType.bpchar.oid,
            PostgresType.unknown.oid:
            self = String(decoding: try cell.content(), as: UTF8.self)
        default: throw cell.mismatch("String")
        }
    }
}

extension JSONText: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        let content = try cell.content()
        switch cell.type {
        case PostgresType.json.oid:
            self.init(String(decoding: content, as: UTF8.self))
        case PostgresType.jsonb.oid where content.first == jsonbVersion:
            self.init(String(decoding: content.dropFirst(), as: UTF8.self))
        default: throw cell.mismatch("JSONText")
        }
    }
}

extension UUID: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard cell.type == PostgresType.uuid.oid else { throw cell.mismatch("UUID") }
        self.init(uuid: try cell.content(of: 16).loadUnaligned(as: uuid_t.self))
    }
}

/// Instants have whole microseconds, as far as a `Date` can hold them (until about the year 2250); `infinity` is
/// refused.
extension Date: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard cell.type == PostgresType.timestamptz.oid else { throw cell.mismatch("Date") }
        let microseconds = try cell.integer(as: Int64.self)
        guard microseconds != .max, microseconds != .min else { throw cell.mismatch("Date", found: "infinity") }
        self = TimestampForm.date(fromMicroseconds: microseconds)
    }
}

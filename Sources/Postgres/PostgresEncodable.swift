import Foundation
import Glibc

/// A value that can be a parameter of a statement.
package protocol PostgresEncodable: Sendable {
    /// The type its parameters have, also when they are NULL.
    static var postgresType: PostgresType { get }
    /// The type of an array of such values.
    static var postgresArrayType: PostgresType { get }
    /// The value in the server's binary form.
    var postgresValue: PostgresValue { get }
    /// Many values as one parameter; an array of the server unless the type says otherwise.
    static func postgresValue(of elements: [Self]) -> PostgresValue
}

extension PostgresEncodable {
    package static var postgresArrayType: PostgresType { postgresType.array }

    package static func postgresValue(of elements: [Self]) -> PostgresValue {
        let type = postgresType
        guard type.arrayOID != 0 else { return .invalid("arrays of arrays cannot be bound", as: type.array) }
        let contents = elements.map(\.postgresValue.content)
        var form = ArrayForm(of: type, count: contents.count, size: contents.reduce(0) { $0 + $1.size })
        for content in contents {
            switch content {
            case .null: form.appendNull()
            case .bytes(let bytes): form.append(bytes)
            case .invalid(let reason): return .invalid(reason, as: type.array)
            }
        }
        return .bytes(form.bytes, as: type.array)
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
    package var postgresValue: PostgresValue { self?.postgresValue ?? .null(Wrapped.postgresType) }
}

extension Array: PostgresEncodable where Element: PostgresEncodable {
    package static var postgresType: PostgresType { Element.postgresArrayType }
    package var postgresValue: PostgresValue { Element.postgresValue(of: self) }
}

extension Int: PostgresEncodable {
    package static var postgresType: PostgresType { .int8 }
    package var postgresValue: PostgresValue { .integer(Int64(self), as: .int8) }
}

extension Int32: PostgresEncodable {
    package static var postgresType: PostgresType { .int4 }
    package var postgresValue: PostgresValue { .integer(self, as: .int4) }
}

/// A byte alone is a `smallint`; an array of bytes is one `bytea`.
extension UInt8: PostgresEncodable {
    package static var postgresType: PostgresType { .int2 }
    package static var postgresArrayType: PostgresType { .bytea }
    package var postgresValue: PostgresValue { .integer(Int16(self), as: .int2) }
    package static func postgresValue(of elements: [UInt8]) -> PostgresValue { .bytes(elements, as: .bytea) }
}

extension Data: PostgresEncodable {
    package static var postgresType: PostgresType { .bytea }
    package var postgresValue: PostgresValue { .bytes([UInt8](self), as: .bytea) }
}

extension Bool: PostgresEncodable {
    package static var postgresType: PostgresType { .bool }
    package var postgresValue: PostgresValue { .bytes([self ? 1 : 0], as: .bool) }
}

extension Double: PostgresEncodable {
    package static var postgresType: PostgresType { .float8 }
    package var postgresValue: PostgresValue { .integer(bitPattern, as: .float8) }
}

extension String: PostgresEncodable {
    package static var postgresType: PostgresType { .text }
    package var postgresValue: PostgresValue {
        holdsNull ? .invalid(Self.refusal, as: .text) : .bytes([UInt8](utf8), as: .text)
    }

    // Of its own, so that the output of many commands is copied once and not first by itself.
    package static func postgresValue(of elements: [String]) -> PostgresValue {
        var form = ArrayForm(of: .text, count: elements.count, size: elements.reduce(0) { $0 + $1.utf8.count })
        for element in elements {
            guard !element.holdsNull else { return .invalid(refusal, as: .text.array) }
            form.append(element.utf8)
        }
        return .bytes(form.bytes, as: .text.array)
    }

    private static let refusal = "a text holds a NUL character"

    private var holdsNull: Bool {
        let found = utf8.withContiguousStorageIfAvailable { buffer in
            buffer.baseAddress.map { memchr($0, 0, buffer.count) != nil } ?? false
        }
        return found ?? utf8.contains(0)
    }
}

extension JSONText: PostgresEncodable {
    package static var postgresType: PostgresType { .jsonb }
    package var postgresValue: PostgresValue {
        let bytes = [UInt8](text.utf8)
        guard !bytes.contains(0) else { return .invalid("a JSON text holds a NUL character", as: .jsonb) }
        return .bytes([jsonbVersion] + bytes, as: .jsonb)
    }
}

extension UUID: PostgresEncodable {
    package static var postgresType: PostgresType { .uuid }
    package var postgresValue: PostgresValue { .bytes(withUnsafeBytes(of: uuid) { [UInt8]($0) }, as: .uuid) }
}

/// Instants are rounded to the nearest microsecond; those outside the server's range (4713 BC to AD 294276) are
/// refused.
extension Date: PostgresEncodable {
    package static var postgresType: PostgresType { .timestamptz }
    package var postgresValue: PostgresValue {
        guard let microseconds = TimestampForm.microseconds(of: self) else {
            return .invalid("an instant lies outside the range of the database", as: .timestamptz)
        }
        return .integer(microseconds, as: .timestamptz)
    }
}

/// The first byte of binary jsonb.
let jsonbVersion: UInt8 = 1

/// The server's form of instants: microseconds since 2000-01-01 00:00 UTC.
enum TimestampForm {
    /// From 2000-01-01 to Foundation's reference date, 2001-01-01.
    private static let referenceOffset = 366 * 86_400
    private static let perSecond = 1_000_000
    private static let earliest = -211_813_488_000
    private static let latest = 9_223_371_331_200

    static func microseconds(of date: Date) -> Int64? {
        let interval = date.timeIntervalSinceReferenceDate
        guard interval.isFinite, abs(interval) < 1e13 else { return nil }
        // Whole seconds apart from the fraction: one product of a large Double would lose microseconds.
        let whole = interval.rounded(.down)
        let seconds = Int(whole) + referenceOffset
        guard seconds >= earliest, seconds < latest else { return nil }
        return Int64(seconds * perSecond + Int(((interval - whole) * Double(perSecond)).rounded()))
    }

    static func date(fromMicroseconds microseconds: Int64) -> Date {
        let (seconds, rest) = Int(microseconds).quotientAndRemainder(dividingBy: perSecond)
        let interval = Double(seconds - referenceOffset) + Double(rest) / Double(perSecond)
        return Date(timeIntervalSinceReferenceDate: interval)
    }
}

import Foundation
import Scheduling

/// What can be written as JSON without a `JSONValue` being made of it first.
package protocol JSONWritable: Sendable {
    /// Writes this value as one JSON value.
    func write(to json: inout JSONWriter)
}

extension JSONValue: JSONWritable {
    package func write(to json: inout JSONWriter) { json.value(self) }
}

extension Array: JSONWritable where Element: JSONWritable {
    /// Writes an array of the elements.
    package func write(to json: inout JSONWriter) {
        json.array(self) { $0.write(to: &$1) }
    }
}

/// Writes one JSON text in UTF-8, without white space.
package struct JSONWriter {
    private var bytes: [UInt8] = []
    /// Whether the next member of an object is its first.
    private var isFirst = true

    private init() {
        bytes.reserveCapacity(2048)
    }

    /// The text of a value.
    package static func bytes(of value: some JSONWritable) -> [UInt8] {
        var writer = JSONWriter()
        value.write(to: &writer)
        return writer.bytes
    }

    /// Writes an object; name its members in the order of their bytes where equal values shall give equal texts.
    package mutating func object(_ write: (inout JSONWriter) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
        write(&self)
        isFirst = false
        bytes.append(UInt8(ascii: "}"))
    }

    /// Writes an array of these elements.
    package mutating func array<Element>(_ elements: [Element], _ write: (Element, inout JSONWriter) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(element, &self)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes a value.
    package mutating func value(_ value: JSONValue) { value.append(to: &bytes) }

    /// Writes a text.
    package mutating func string(_ text: String) { JSONValue.append(text, to: &bytes) }

    private mutating func null() { raw("null") }

    private mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A text in which nothing needs an escape.
    private mutating func plain(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func separate() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    private mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        raw(name)
        raw("\":")
    }
}

/// Members of an object; no name needs an escape.
extension JSONWriter {
    /// A member that is null.
    package mutating func nothing(_ name: StaticString) {
        self.name(name)
        null()
    }

    /// A member that is null where there is nothing.
    package mutating func member(_ name: StaticString, _ text: String?) {
        self.name(name)
        if let text { string(text) } else { null() }
    }

    /// A member that is null where there is nothing.
    package mutating func member(_ name: StaticString, _ number: Int?) {
        self.name(name)
        if let number { bytes.append(contentsOf: number.description.utf8) } else { null() }
    }

    /// A member that is true or false.
    package mutating func member(_ name: StaticString, _ flag: Bool) {
        self.name(name)
        raw(flag ? "true" : "false")
    }

    /// A member that is an instant in UTC, or null.
    package mutating func member(_ name: StaticString, _ time: Date?) {
        self.name(name)
        if let time { plain(ISO8601.format(time)) } else { null() }
    }

    /// A member that is an id, or null.
    package mutating func member<Entity>(_ name: StaticString, _ id: Identifier<Entity>?) {
        self.name(name)
        if let id { plain(id.description) } else { null() }
    }

    /// A member that is any value, or null.
    package mutating func member(_ name: StaticString, _ value: JSONValue?) {
        self.name(name)
        if let value { self.value(value) } else { null() }
    }

    /// A member whose name is known only now, and may need escapes.
    package mutating func member(named name: String, _ text: String) {
        separate()
        string(name)
        bytes.append(UInt8(ascii: ":"))
        string(text)
    }

    /// A member that is an array of texts.
    package mutating func member(_ name: StaticString, _ texts: [String]) {
        self.name(name)
        array(texts) { $1.string($0) }
    }

    /// A member that `write` writes.
    package mutating func member(_ name: StaticString, writing write: (inout JSONWriter) -> Void) {
        self.name(name)
        write(&self)
        isFirst = false
    }
}

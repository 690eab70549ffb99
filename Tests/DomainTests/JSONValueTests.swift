import Foundation
import Testing

@testable import Domain

@Suite struct JSONValueTests {
    static let accepted: [(String, JSONValue)] = [
        ("null", nil), ("true", true), ("false", false), (" \t\r\n1 \t\r\n", 1), ("\"\"", ""), ("[]", []), ("{}", [:]),
        ("[ ]", []), ("{ }", [:]), ("[1 , 2]", [1, 2]), ("[[],[[]]]", [[], [[]]]),
        ("[null,1,\"1\",{}]", [nil, 1, "1", [:]]),
        ("{\"\":0}", ["": 0]), ("{\"a\":{\"b\":[true]}}", ["a": ["b": [true]]]),
        ("{ \"a\" : 1 , \"b\" : 2 }", ["a": 1, "b": 2]),
        ("{\"a\":1,\"a\":2}", ["a": 2]), ("{\"a\":\"b\",\"a\":\"b\"}", ["a": "b"]),
        ("{\"title\":\"\\u041f\"}", ["title": "П"]),
        ("0", 0), ("-0", 0), ("-1", -1), ("123", 123), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("0.0", 0.0), ("-0.0", .number(-0.0)), ("5.0", 5.0), ("1e2", 100.0),
        ("1E+2", 100.0), ("1e-2", 0.01), ("0e1", 0.0), ("0e+1", 0.0), ("20e1", 200.0), ("123.456e78", 123.456e78),
        ("-0.1", -0.1),
        ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)), ("5e-324", .number(.leastNonzeroMagnitude)),
        ("1e-999", 0.0), ("-1e-999", .number(-0.0)),
        ("9223372036854775808", .oversizedNumber("9223372036854775808")),
        ("-9223372036854775809", .oversizedNumber("-9223372036854775809")),
        ("18446744073709551616", .oversizedNumber("18446744073709551616")),
        ("[100000000000000000000]", [.oversizedNumber("100000000000000000000")]),
        ("1e309", .oversizedNumber("1e309")), ("-1E+9999", .oversizedNumber("-1E+9999")),
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{C}\n\r\t"), ("\"\\u0012\"", "\u{12}"),
        ("\"\\u0000\"", "\u{0}"),
        ("\"\\u00e9\\u00E9\"", "éé"), ("\"\\ud83d\\ude00\"", "😀"), ("\"\\uD801\\udc37\"", "𐐷"),
        ("\"a\\uDBFF\\uDFFFb\"", "a\u{10FFFF}b"),
        ("\"\\uFFFF\"", "\u{FFFF}"), ("\"😀é\u{7F}\u{2028}\u{10FFFF}\"", "😀é\u{7F}\u{2028}\u{10FFFF}"),
        ("\"\\\\u0000\"", "\\u0000"), ("\"\u{FEFF}\"", "\u{FEFF}"), ("\"é\\né\"", "é\né"),
    ]

    @Test(arguments: accepted)
    func `a sound text is read`(text: String, value: JSONValue) throws {
        #expect(try JSONValue.parse(text.utf8) == value)
        #expect(try JSONValue.parse(Array(text.utf8)) == value)
        #expect(try JSONValue.parse(text.utf8.lazy.map { $0 }) == value)
    }

    @Test(arguments: accepted)
    func `what was read is written and read back`(text: String, value: JSONValue) throws {
        let written = try JSONValue.parse(text.utf8).serialized()
        #expect(try JSONValue.parse(written.utf8) == value)
        #expect(try JSONValue.parse(written.utf8).serialized() == written)
    }

    @Test(arguments: [
        ("", JSONError.Reason.unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("[", .unexpectedEnd, 1),
        ("[1", .unexpectedEnd, 2),
        ("{", .unexpectedEnd, 1), ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5),
        ("{\"a\":1", .unexpectedEnd, 6),
        ("\"", .unexpectedEnd, 1), ("\"a", .unexpectedEnd, 2), ("\"\\", .unexpectedEnd, 2),
        ("\"\\u12", .unexpectedEnd, 5),
        ("nul", .unexpectedEnd, 3), ("[1,]", .unexpectedByte, 3), ("[,1]", .unexpectedByte, 1),
        ("[1,,2]", .unexpectedByte, 3),
        ("[1 2]", .unexpectedByte, 3), ("[1}", .unexpectedByte, 2), ("{\"a\":1]", .unexpectedByte, 6),
        ("{a:1}", .unexpectedByte, 1),
        ("{'a':1}", .unexpectedByte, 1), ("{\"a\" 1}", .unexpectedByte, 5), ("{\"a\":1,}", .unexpectedByte, 7),
        ("{1:1}", .unexpectedByte, 1), ("{\"a\":}", .unexpectedByte, 5), ("{\"a\",\"b\"}", .unexpectedByte, 4),
        ("True", .unexpectedByte, 0), ("nulL", .unexpectedByte, 3), ("NaN", .unexpectedByte, 0),
        ("Infinity", .unexpectedByte, 0),
        ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0), ("/**/1", .unexpectedByte, 0),
        ("é", .unexpectedByte, 0),
        ("\u{A0}1", .unexpectedByte, 0), ("\u{C}1", .unexpectedByte, 0), ("username=a", .unexpectedByte, 0),
        ("-", .invalidNumber, 1), ("-a", .invalidNumber, 1), ("--1", .invalidNumber, 1), ("1.", .invalidNumber, 2),
        ("1.e1", .invalidNumber, 2), ("1e", .invalidNumber, 2), ("1e+", .invalidNumber, 3),
        ("1e+-1", .invalidNumber, 3),
        ("-.5", .invalidNumber, 1), ("-Infinity", .invalidNumber, 1), ("[1.]", .invalidNumber, 3),
        ("1e1.", .trailingData, 3),
        ("01", .trailingData, 1), ("-01", .trailingData, 2), ("0x1", .trailingData, 1), ("1 2", .trailingData, 2),
        ("1_000", .trailingData, 1), ("{}{}", .trailingData, 2), ("[]]", .trailingData, 2),
        ("null\u{0}", .trailingData, 4),
        ("truefalse", .trailingData, 4), ("\"a\"x", .trailingData, 3), ("[] // end", .trailingData, 3),
        ("\"\n\"", .controlCharacter, 1), ("\"a\tb\"", .controlCharacter, 2), ("\"\u{0}\"", .controlCharacter, 1),
        ("\"\u{1F}\"", .controlCharacter, 1), ("\"\\x41\"", .invalidEscape, 2), ("\"\\'\"", .invalidEscape, 2),
        ("\"\\U0041\"", .invalidEscape, 2), ("\"\\u00g0\"", .invalidEscape, 5), ("\"\\u-001\"", .invalidEscape, 3),
        ("\"\\\u{0}\"", .invalidEscape, 2), ("\"\\é\"", .invalidEscape, 2),
        ("\"\\ud800\"", .loneSurrogate, 1), ("\"\\udc00\"", .loneSurrogate, 1), ("\"\\ud800a\"", .loneSurrogate, 1),
        ("\"\\ud800\\n\"", .loneSurrogate, 1), ("\"\\ud800\\ud800\"", .loneSurrogate, 1),
        ("\"ab\\udc00\\ud800\"", .loneSurrogate, 3),
        ("\"\\ud800\\u0041\"", .loneSurrogate, 1), ("\"\\ud800\\ue000\"", .loneSurrogate, 1),
        ("\u{FEFF}1", .byteOrderMark, 0),
    ])
    func `a faulty text is refused with its place and reason`(text: String, reason: JSONError.Reason, offset: Int) {
        #expect(throws: JSONError(reason: reason, offset: offset)) { try JSONValue.parse(text.utf8) }
    }

    @Test(
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3, 0x5C, 0x6E], [0x5C, 0x6E, 0xFF], [0xE2, 0x82, 0x5C, 0x6E, 0xAC],
        ] as [[UInt8]])
    func `a string that is not UTF-8 is refused`(content: [UInt8]) {
        let bytes = Array("[\"".utf8) + content + Array("\"]".utf8)
        #expect(throws: JSONError(reason: .invalidUTF8, offset: 1)) { try JSONValue.parse(bytes) }
    }

    @Test(arguments: [[0xFE, 0xFF, 0x00, 0x31], [0x31, 0x00], [0x00, 0x31], [0xE9]] as [[UInt8]])
    func `other encodings are refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `nesting ends at the limit`(opening: String, closing: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
        }
        _ = try JSONValue.parse(nested(64).utf8)
        let deepest = 64 * opening.utf8.count
        #expect(throws: JSONError(reason: .nestedTooDeep, offset: deepest)) { try JSONValue.parse(nested(65).utf8) }
        #expect(throws: JSONError.self) { try JSONValue.parse(nested(3).utf8, maximumDepth: 2) }
        #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: opening, count: 300_000).utf8) }
        #expect(throws: JSONError.self) { try JSONValue.parse(nested(600).utf8, maximumDepth: .max) }
        _ = try JSONValue.parse(nested(512).utf8, maximumDepth: .max)
    }

    @Test(arguments: [#"{"a":1,"a":1}"#, #"[{"b":{"a":1,"\u0061":2}}]"#])
    func `a key that stands twice is refused where asked`(text: String) throws {
        _ = try JSONValue.parse(text.utf8)
        #expect(throws: JSONError.self) { try JSONValue.parse(text.utf8, duplicateKeys: .refused) }
        _ = try JSONValue.parse(#"[{"a":1,"b":{"a":1}},{"a":1}]"#.utf8, duplicateKeys: .refused)
    }

    @Test func `many arrays beside each other are not deep`() throws {
        let text = "[" + String(repeating: "[],", count: 1000) + "{}]"
        guard case .array(let elements) = try JSONValue.parse(text.utf8) else {
            Issue.record("not an array")
            return
        }
        #expect(elements.count == 1001)
    }

    @Test func `an error quotes nothing of the text`() {
        let error = JSONError(reason: .unexpectedByte, offset: 7)
        #expect(error.description == "this character cannot stand here, at byte 7")
    }
}

@Suite struct JSONValueSerializationTests {
    @Test func `keys are sorted and nothing is padded`() {
        let value: JSONValue = ["b": [1, 2.5, true, nil], "a": "x", "": ["z": [], "y": [:]]]
        #expect(value.serialized() == #"{"":{"y":{},"z":[]},"a":"x","b":[1,2.5,true,null]}"#)
    }

    @Test func `strings are escaped where they must be`() {
        let value: JSONValue = "\"\\/\u{8}\u{9}\u{A}\u{C}\u{D}\u{0}\u{1F}\u{7F}é😀"
        #expect(value.serialized() == #""\"\\/\b\t\n\f\r\u0000\u001f"# + "\u{7F}é😀\"")
        #expect((["\n": 1] as JSONValue).serialized() == #"{"\n":1}"#)
    }

    @Test(arguments: [
        (0.1, "0.1"), (5, "5.0"), (-0.0, "-0.0"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
        (.infinity, "null"),
        (.nan, "null"),
        (9007199254740992, "9007199254740992.0"),
    ])
    func `doubles are written as briefly as they can be read back`(number: Double, text: String) {
        #expect(JSONValue.number(number).serialized() == text)
    }

    @Test func `random doubles and strings survive the journey`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5_000 {
            let number = Double(bitPattern: generator.next())
            guard number.isFinite else { continue }
            let scalars = (0..<8).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x10FFFF) >> UInt32.random(in: 0...20))
            }
            let value: JSONValue = ["n": .number(number), "s": .string(String(String.UnicodeScalarView(scalars)))]
            #expect(try JSONValue.parse(value.serializedBytes()) == value)
        }
    }

    @Test func `Foundation reads what we write`() throws {
        let value: JSONValue = ["text": "a\"\\\n\u{1}é😀", "list": [1, -2, 0.5, true, nil], "nested": ["a": [:]]]
        let read = try JSONSerialization.jsonObject(with: Data(value.serializedBytes())) as? [String: Any]
        #expect(read?["text"] as? String == "a\"\\\n\u{1}é😀")
        #expect((read?["list"] as? [Any])?.count == 5)
    }
}

import Testing

@testable import Domain

/// A mebibyte that takes minutes to bring into normal form: marks above and below a letter by turns.
private let marks = "a" + String(repeating: "\u{301}\u{316}", count: 262_000)

@Suite struct TextKeyTests {
    @Test func `keys are told apart by their bytes`() {
        let (composed, apart): (TextKey, TextKey) = ("caf\u{E9}", "cafe\u{301}")
        #expect(composed != apart && composed.text == apart.text)
        #expect(Set([composed, apart, composed]).count == 2)
        #expect([composed, apart, "b", ""].sorted() == ["", "b", apart, composed])
        #expect("\(apart.text)" as TextKey == apart)
    }

    @Test func `texts are compared by their bytes, alone or many`() {
        #expect("e\u{301}".hasSameBytes(as: "e\u{301}") && !"e\u{301}".hasSameBytes(as: "\u{E9}"))
        #expect(["a", "b"].hasSameBytes(as: ["a", "b"]) && !["a", "b"].hasSameBytes(as: ["a"]))
        #expect(!["\u{E9}"].hasSameBytes(as: ["e\u{301}"]))
        let (none, some): (String?, String?) = (nil, "a")
        #expect(none.hasSameBytes(as: nil) && some.hasSameBytes(as: "a"))
        #expect(!none.hasSameBytes(as: "a") && !some.hasSameBytes(as: nil))
    }

    @Test func `an object keeps two keys that differ in their bytes alone, and a value that does is another`() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        let value = try JSONValue.parse(text.utf8, duplicateKeys: .refused)
        #expect(value == ["\u{E9}": 1, "e\u{301}": 2])
        #expect(value.serialized().utf8.elementsEqual("{\"e\u{301}\":2,\"\u{E9}\":1}".utf8))
        #expect(JSONValue.string("\u{E9}") != "e\u{301}")
        #expect(JSONValue.number(0.0) != .number(-0.0))
    }

    @Test func `a case is found by its name's bytes`() {
        #expect(TaskStatus(named: "running") == .running)
        #expect(TaskStatus(named: "runnin\u{67}\u{301}") == nil && TaskStatus(named: "") == nil)
    }

    @Test func `a text is shortened by its characters`() {
        #expect("abc".shortened(to: 3) == "abc" && "abcd".shortened(to: 3) == "abc…" && "".shortened(to: 0) == "")
        #expect("e\u{301}x".shortened(to: 1).utf8.elementsEqual("e…".utf8))
    }

    // In normal form each of these comparisons alone would take longer.
    @Test(.timeLimit(.minutes(1))) func `a mebibyte of marks is read, looked up, compared and written`() throws {
        let object = "{\"name\":\"\(marks)\",\"\(marks)\":1,\"\(marks)x\":2}"
        let value = try JSONValue.parse(object.utf8)
        #expect(value == (try JSONValue.parse(object.utf8)))
        guard case .object(let members) = value else {
            Issue.record("not an object")
            return
        }
        #expect(members.count == 3 && members["other"] == nil && members["name"] != "name")
        #expect(value.serialized().utf8.count == object.utf8.count)
        #expect(TaskStatus(named: marks) == nil)
        let places: Set<[InputFault.Step]> = [[.key(marks)], [.key(marks + "x")], ["name"], [.index(0)]]
        #expect(places.count == 4 && places.contains([.key(marks)]))
        #expect(marks.shortened(to: 255).utf8.count < 1_000)
    }
}

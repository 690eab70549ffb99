import Domain
import Foundation
import Testing

@testable import Server

private func window(_ query: String) -> Window? {
    var reader = QueryReader(query)
    let window = reader.window()
    return reader.faults.isEmpty ? window : nil
}

@Test(arguments: [
    ("", Window.page(number: 1, size: 20)), ("page=3&page_size=100", .page(number: 3, size: 100)),
    ("page=&page_size=", .page(number: 1, size: 20)), ("page=10000&page_size=100", .page(number: 10_000, size: 100)),
    ("skip=5", .slice(skip: 5, limit: 100)), ("limit=1000&page=7", .slice(skip: 0, limit: 1000)),
    ("skip=999999&limit=1", .slice(skip: 999_999, limit: 1)),
])
func `a window is read`(query: String, expected: Window) {
    #expect(window(query) == expected)
}

@Test(arguments: [
    "page=0", "page=-1", "page=x", "page=1.0", "page=99999999999999999999", "page=10001&page_size=100",
    "page=9223372036854775807", "page_size=0", "page_size=101", "limit=1000&page=0", "skip=0&page_size=x", "skip=-1",
    "skip=1000000",
    "skip=9223372036854775807", "limit=0", "limit=1001", "limit=%00",
])
func `a window out of bounds is a fault of the query`(query: String) throws {
    var reader = QueryReader(query)
    _ = reader.window()
    let fault = try #require(reader.faults.first)
    #expect(fault.origin == .query)
}

@Test func `filters are repeated, separated by commas, or empty`() {
    var reader = QueryReader("status=pending,running&status=failed&status=&tag=&x=%zz")
    #expect(reader.choices("status", of: TaskStatus.self) == [.pending, .running, .failed])
    #expect(reader.texts("tag").isEmpty)
    #expect(reader.faults.map(\.place) == [["x"]])
    #expect(reader.choices("status", of: ExecutionStatus.self).count == 3)
}

@Test func `a text is no longer than it may be`() {
    var reader = QueryReader("q=abc&long=abcd&none=")
    #expect(reader.text("q", upTo: 3) == "abc" && reader.text("none", upTo: 3) == nil && reader.faults.isEmpty)
    #expect(reader.text("long", upTo: 3) == nil)
    #expect(reader.faults.map(\.place) == [["long"]])
}

@Test func `a filter of one value takes no list`() {
    var reader = QueryReader("schedule_type=cron,interval&kind=cron&kind=once")
    #expect(reader.choice("kind", of: ScheduleKind.self) == .once && reader.faults.isEmpty)
    #expect(reader.choice("schedule_type", of: ScheduleKind.self) == nil)
    #expect(reader.faults.map(\.type) == ["enum"])
}

@Test func `an unknown value of a filter is a fault`() {
    var reader = QueryReader("status=pending,nothing")
    _ = reader.choices("status", of: TaskStatus.self)
    #expect(reader.faults.first?.type == "enum")
}

@Test(arguments: [
    "2026-03-01T02:30:00+02:00", "2026-03-01T02:30:00%2B02:00", "2026-03-01%2000:30:00", "2026-03-01T00:30Z",
])
func `a time is read with or without a plus that was encoded`(text: String) {
    var reader = QueryReader("since=\(text)")
    #expect(reader.time("since") == Date(timeIntervalSince1970: 1_772_325_000))
}

@Test(
    arguments: [("true", true), ("False", false), ("1", true), ("0", false), ("", nil), ("yes", nil)]
        as [(String, Bool?)])
func `a flag is read in any case`(text: String, expected: Bool?) {
    var reader = QueryReader("f=\(text)")
    #expect(reader.bool("f") == expected)
    #expect(reader.faults.isEmpty == (text != "yes"))
}

@Test func `a form is decoded`() {
    let form = FormPairs(Array("username=J%C3%BCrgen+K&password=a%2Bb%26c%3Dd&scope=&empty".utf8), origin: .body)
    #expect(form.pairs.map(\.name) == ["username", "password", "scope", "empty"])
    #expect(form.pairs.map(\.value) == ["Jürgen K", "a+b&c=d", "", ""])
    #expect(form.faults.isEmpty)
}

@Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%00", "%ff=1"])
func `a form that cannot be decoded is a fault`(text: String) {
    let form = FormPairs(Array(text.utf8), origin: .body)
    #expect(form.pairs.isEmpty)
    #expect(form.faults.count == 1)
}

@Test func `a form has a thousand pairs at most, and tells a hundred faults`() {
    func form(_ part: String, _ count: Int) -> FormPairs {
        FormPairs(Array(repeatElement(part, count: count).joined(separator: "&").utf8), origin: .body)
    }
    #expect(form("a=1", 1_000).pairs.count == 1_000)
    let long = form("a=1", 1_001)
    #expect(long.pairs.isEmpty)
    #expect(long.faults.map(\.type) == ["too_long"])
    #expect(form("%ff=1", 1_000).faults.count == InputFault.limit)
}

@Test func `of many unknown values of a filter a hundred are told`() {
    var reader = QueryReader("status=" + [String](repeating: "x", count: 5_000).joined(separator: ","))
    _ = reader.choices("status", of: TaskStatus.self)
    #expect(reader.faults.count == InputFault.limit)
}

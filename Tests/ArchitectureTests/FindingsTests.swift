import Testing

/// Each law is shown to catch its breach: a check that sees nothing passes for ever.
@Suite struct FindingsTests {
    @Test(arguments: [
        ("import Storage", ["Storage"]),
        ("package import Storage", ["Storage"]),
        ("@testable import Storage", ["Storage"]),
        ("@preconcurrency internal import Storage", ["Storage"]),
        ("    import struct Storage.Store", ["Storage"]),
        ("// import Storage", []),
        ("let text = \"import Storage\"", []),
        ("/* import Storage\nimport Server */\nimport Domain", ["Domain"]),
    ])
    func `an import is found however it is dressed`(text: String, modules: [String]) {
        #expect(Findings.imports(in: SourceText(text)) == modules)
    }

    @Test(arguments: [
        ("public let a = 1", [1]),
        ("let a = 1 // public let", []),
        ("let a = \"public let b\"", []),
        ("let a = #\"a \" public let b\"#", []),
        ("let a = \"\"\"\n  public let\n  \"\"\"\npublic let b = 2", [4]),
        ("let a = \"\\(names[\"x\"] ?? \"public let\")\"\npublic let b = 2", [2]),
        ("let a = \"\\(make { public let b = 2 })\"", [1]),
        ("/* a /* nested */ public let */ public let b = 2", [1]),
    ])
    func `words in comments and strings are no code`(text: String, lines: [Int]) throws {
        #expect(try Findings.lines(matching: "\\bpublic let", in: SourceText(text)) == lines)
    }

    @Test func `a comment on the line above explains`() throws {
        let text = "// The pattern is a constant.\nlet a = try! make()\nlet b = try! make()"
        #expect(try Findings.unexplained(matching: "\\btry!", in: SourceText(text)) == [3])
    }

    @Test func `a comment that is too wide is found, and other wide lines are not`() {
        let wide = String(repeating: "w", count: 118)
        #expect(Findings.wideComments(in: SourceText("// \(wide)\n// \(wide.dropLast())\n    /// \(wide)")) == [1, 3])
        #expect(Findings.wideComments(in: SourceText("let a = \"// \(wide)\"\nlet b = 1  // \(wide)")) == [])
    }

    @Test(arguments: [
        ("func a() {\n", 40, "}", false), ("func a() {\n", 41, "}", true),
        ("private static func a<T>(\n    _ b: T\n) throws -> T {\n", 41, "}", true),
        ("@discardableResult package func a() async throws\n    -> Int\n{\n", 41, "}", true),
        ("init?(_ a: Int) {\n", 41, "}", true), ("var a: Int {\n", 41, "}", true), ("deinit {\n", 41, "}", true),
        ("func a() {}\nlet b = 1\n", 41, "", false), ("func a() async\nstruct B {\n", 41, "}", false),
        ("let a: [Int] = [\n", 41, "]", false), ("// func a() {\nstruct B {\n", 41, "}", false),
    ])
    func `a function of more than 40 lines is found`(start: String, lines: Int, end: String, isLong: Bool) throws {
        let function = start + String(repeating: "    call()\n", count: lines) + end
        let inside = function.split(separator: "\n").map { "    \($0)\n" }.joined()
        #expect(try Findings.longFunctions(in: SourceText(function)) == (isLong ? [1] : []))
        #expect(try Findings.longFunctions(in: SourceText("struct A {\n\(inside)}")) == (isLong ? [2] : []))
    }

    @Test(arguments: [
        ("@Test func `a b`() {}", []),
        ("func `a b`() {}", [1]),
        ("@Test(arguments: [\n    1, 2,\n])\nfunc `a b`(n: Int) {}", []),
        ("@Test(.timeLimit(.minutes(1)))\n// Why.\n@MainActor\nfunc `a b`() {}", []),
        ("@Test func `a b`() {\n}\n\nfunc `c d`() {}", [4]),
        ("@Test func `a b`() {}\nfunc `c d`() {}", [2]),
        ("func `class`() {}", []),
    ])
    func `a sentence without a mark is found`(text: String, lines: [Int]) throws {
        #expect(try Findings.forgottenTests(in: SourceText(text)) == lines)
    }
}

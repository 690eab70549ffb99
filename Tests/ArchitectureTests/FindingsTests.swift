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

import Domain
import Testing

@Suite struct OutboundURLTests {
    @Test(arguments: [
        ("http://example.org", "example.org", 80, "/", "example.org"),
        ("HTTPS://Example.ORG/a/b?c=d#e", "example.org", 443, "/a/b?c=d", "example.org"),
        ("https://example.org:8443/", "example.org", 8443, "/", "example.org:8443"),
        ("http://example.org:80?q", "example.org", 80, "/?q", "example.org"),
        ("http://h#frag", "h", 80, "/", "h"), ("http://h/a:b/@c", "h", 80, "/a:b/@c", "h"),
        ("http://[2001:DB8::1]:81/x", "2001:db8::1", 81, "/x", "[2001:db8::1]:81"),
        ("http://[::1]", "::1", 80, "/", "[::1]"), ("http://a_b-c.d.", "a_b-c.d.", 80, "/", "a_b-c.d."),
        ("http://x/%00%20", "x", 80, "/%00%20", "x"),
    ])
    func `a URL is taken apart`(
        text: String, host: String, port: Int, target: String, authority: String
    ) throws {
        let url = try OutboundURL(text)
        #expect(url.host == host && url.port == port && url.target == target && url.authority == authority)
        #expect(url.text == text && url.isSecure == text.lowercased().hasPrefix("https"))
    }

    @Test(arguments: [
        "", "x", "example.org", "//example.org", "http:example.org", "http:/example.org", "ftp://example.org",
        "file:///etc/passwd", "javascript://x", " http://x", "http://", "http:///path", "http://?q", "http://:80",
        "http://user@example.org", "http://user:password@example.org", "http://@example.org", "http://x@",
        "http://a b", "http://x/a b", "http://x/\u{0}", "http://x/\r\nHost: y", "http://x/\t",
        "http://ex\u{e4}mple.org",
        "http://x/\u{fc}", "http://x\\@y", "http://x/<y>", "http://x/\"", "http://%31", "http://a%2eb", "http://a,b",
        "http://x:", "http://x:0", "http://x:65536", "http://x:+80", "http://x:-1", "http://x:8o", "http://x:80:80",
        "http://[::1", "http://::1", "http://[::1]x", "http://[]", "http://[x]", "http://[127.0.0.1]",
        "http://[fe80::1%25eth0]", "http://\(String(repeating: "a", count: 254))",
        "http://x/\(String(repeating: "a", count: 2040))",
    ])
    func `what is none is refused`(text: String) {
        #expect(throws: OutboundURL.Fault.self) { try OutboundURL(text) }
    }

    @Test func `the longest is one`() throws {
        #expect(try OutboundURL("http://x/" + String(repeating: "a", count: 2039)).text.count == 2048)
    }

    @Test(arguments: [
        ("http://127.0.0.1", "127.0.0.1"), ("http://2130706433", "127.0.0.1"), ("http://0x7f.1", "127.0.0.1"),
        ("http://127.1", "127.0.0.1"), ("http://0177.0.0.1", "127.0.0.1"), ("http://0x7F000001", "127.0.0.1"),
        ("http://017700000001", "127.0.0.1"), ("http://127.0.0.1.", "127.0.0.1"), ("http://0", "0.0.0.0"),
        ("http://10.65535", "10.0.255.255"), ("http://[::1]", "::1"), ("http://[::ffff:127.0.0.1]", "127.0.0.1"),
        ("http://[0:0:0:0:0:ffff:7f00:1]", "127.0.0.1"), ("http://8.8.8.8", "8.8.8.8"),
        ("http://localhost", nil), ("http://1.2.3.4.5", nil), ("http://256.1.1.1", nil), ("http://1e1", nil),
        ("http://127.0.0.1.nip.io", nil),
    ])
    func `a literal address is known, however it is written`(text: String, address: String?) throws {
        #expect(try OutboundURL(text).literalAddress == address.flatMap(IPAddress.init))
    }

    @Test(arguments: [
        ("/c", "https://h/c"), ("c", "https://h/a/c"), ("?q=1", "https://h/a/b?q=1"), ("//other/c", "https://other/c"),
        ("http://other:81/", "http://other:81/"), ("../x", "https://h/x"),
    ])
    func `a redirect leads on from where it was told`(location: String, place: String) throws {
        #expect(try OutboundURL("https://h/a/b?p#f").redirected(to: location).text == place)
    }

    @Test(arguments: ["ftp://h/", "http://user@h/", "file:///etc/passwd", "http://", "gopher://127.0.0.1:70/"])
    func `a redirect to what is no URL is refused`(location: String) throws {
        let url = try OutboundURL("https://h/")
        #expect(throws: OutboundURL.Fault.self) { try url.redirected(to: location) }
    }
}

import Domain
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:1:2:3:4:5", "2001:db8:0:1:2:3:4:5", "2001:db8:0:1::"), ("::1", "::1", "::"),
    ])
    func `an address has one text, and one client behind it`(text: String, written: String, client: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == written)
        #expect(address.client.description == client)
        #expect(IPAddress(written) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.256", "1.2.3.4 ", "1.2.3.4:80", "[::1]", "fe80::1%eth0", "::1\u{0}", "1.2.3.4\u{0}x",
        "unknown",
        String(repeating: "1", count: 1_000),
    ])
    func `other texts are none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:0"]),
        ("10.1.2.3/9", ["10.127.255.255"], ["10.128.0.0"]), ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]),
        ("0.0.0.0/0", ["1.2.3.4"], ["::1"]), ("::/0", ["::1", "64:ff9b::1.2.3.4"], ["1.2.3.4"]),
        ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::"]), ("::1/128", ["::1"], ["::2"]),
    ])
    func `a range holds the addresses that begin as it does`(text: String, inside: [String], outside: [String]) throws {
        let range = try #require(IPRange(text))
        for address in inside { #expect(range.contains(try #require(IPAddress(address))), "\(address)") }
        for address in outside { #expect(!range.contains(try #require(IPAddress(address))), "\(address)") }
    }

    @Test(arguments: ["", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10/8", "1.2.3.4/8/8", "localhost"])
    func `what is no range is none`(text: String) {
        #expect(IPRange(text) == nil)
    }
}

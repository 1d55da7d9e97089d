using NetPulse.Collector.Attribution;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Tests.Attribution;

public sealed class NamespaceOwnersTests
{
    private static readonly WorkloadIdentity Web = new("shop", "web", "web-0");

    [Theory]
    [InlineData(7, 7, 99, true)]
    [InlineData(7, 8, 42, false)]
    [InlineData(7, 0, 42, true)]
    [InlineData(0, 0, 42, true)]
    [InlineData(0, 7, 42, true)]
    [InlineData(0, 7, 99, false)]
    public void A_namespace_is_told_by_its_cookie_and_by_its_inode_where_the_node_tells_no_cookies(ulong cookieHere, ulong cookie, ulong inode, bool isKnown)
    {
        var owners = new NamespaceOwners([new OwnedNamespace(new NetworkNamespace("/run/netns/web", 42, "web"), cookieHere, Web)], []);
        Assert.Equal(isKnown ? Web : NamespaceOwners.Unknown, owners.Of(cookie, inode));
    }
}

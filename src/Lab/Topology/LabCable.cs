using System.Net;

namespace NetPulse.Lab.Topology;

/// <summary>An Ethernet between two pods, at whose other end a whole network answers: every address of it is a neighbour of its own.</summary>
/// <param name="From">The pod that talks to many.</param>
/// <param name="To">The pod that answers for all of them.</param>
/// <param name="Network">A network of 65,536 addresses; the first pod has one of the last.</param>
public sealed record CableDescription(string From, string To, IPAddress Network)
{
    private const string Device = "lab0";

    /// <exception cref="LabException"><c>ip</c> failed; the devices go with the pods.</exception>
    internal async Task LayAsync(LabNamespaces namespaces, CancellationToken cancellationToken)
    {
        var (from, to) = (namespaces.Pod(From).NetworkNamespace.Name, namespaces.Pod(To).NetworkNamespace.Name);
        var bytes = Network.GetAddressBytes();
        var own = new IPAddress([bytes[0], bytes[1], 255, 1]);
        await IpCommand.RunAsync(["link", "add", Device, "netns", from, "type", "veth", "peer", "name", Device, "netns", to], cancellationToken);
        await IpCommand.BatchAsync(from, [$"link set {Device} addrgenmode none", $"link set {Device} up", $"address add {own}/16 dev {Device}"], cancellationToken);
        await IpCommand.BatchAsync(
            to,
            [$"link set {Device} addrgenmode none", $"link set {Device} up", $"route add local {Network}/17 dev lo", $"route add {own}/32 dev {Device}"],
            cancellationToken);
    }
}

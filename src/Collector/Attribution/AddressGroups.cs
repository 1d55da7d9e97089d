using System.ComponentModel.DataAnnotations;
using System.Net;
using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>One block of addresses outside of the cluster and what to call whoever is in it.</summary>
public sealed class OutsideBlock
{
    /// <summary>As <c>203.0.113.0/24</c> or <c>2001:db8::/32</c>.</summary>
    [Required, Cidr]
    public string Cidr { get; set; } = "";

    /// <summary>As it stands in the label <c>peer_workload</c>; several blocks may have the same.</summary>
    [Required, RegularExpression(
        "^(?!(host|loopback|private|public|other|unknown)$)[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
        ErrorMessage = "must be letters, digits, dots, dashes or underscores, 63 at most, and none of the names that we give: host, loopback, private, public, other, unknown")]
    public string Name { get; set; } = "";
}

/// <summary>The text is a block of addresses.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CidrAttribute() : ValidationAttribute("must be a block of addresses whose bits after the prefix are zero, as 203.0.113.0/24")
{
    /// <remarks>.NET itself takes bits after the prefix and drops them: whoever wrote them meant something else.</remarks>
    public override bool IsValid(object? value) =>
        value is string text && text.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash
        && IPNetwork.TryParse(text, out var network) && IPAddress.TryParse(text.AsSpan(0, slash), out var address) && network.BaseAddress.Equals(address);
}

/// <summary>Blocks of addresses outside of the cluster; the narrowest that holds an address names it.</summary>
public sealed class AddressGroups
{
    /// <summary>No block has a name.</summary>
    public static readonly AddressGroups None = new([]);

    private const int MappedBits = 96;

    private readonly (MappedAddress Base, int Bits, WorkloadIdentity Owner)[] blocks;

    /// <exception cref="FormatException">A block is none.</exception>
    public AddressGroups(IEnumerable<OutsideBlock> blocks) => this.blocks =
    [
        .. blocks.Select(block => (Network: IPNetwork.Parse(block.Cidr), block.Name))
            .Select(block => (
                Base: MappedAddress.From(block.Network.BaseAddress),
                Bits: block.Network.PrefixLength + (block.Network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? MappedBits : 0),
                Owner: new WorkloadIdentity("", block.Name, "") { Kind = "Outside" }))
            .OrderByDescending(block => block.Bits),
    ];

    /// <summary><see langword="null"/> where no block holds the address.</summary>
    public WorkloadIdentity? Of(MappedAddress address)
    {
        foreach (var block in blocks)
        {
            if (address.HasPrefixOf(block.Base, block.Bits))
            {
                return block.Owner;
            }
        }

        return null;
    }
}

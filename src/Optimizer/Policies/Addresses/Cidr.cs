using System.Globalization;

namespace NetPulse.Optimizer.Policies.Addresses;

/// <summary>A block of addresses, both ends inclusive.</summary>
/// <param name="Prefix">In bits of its family.</param>
public readonly record struct Cidr(IpFamily Family, UInt128 First, UInt128 Last, int Prefix)
{
    /// <summary>Bits of the host part are ignored, as in <c>10.1.2.3/8</c>.</summary>
    public static bool TryParse(string text, out Cidr cidr)
    {
        cidr = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IpValue.TryParse(text[..slash], out var address)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var prefix))
        {
            return false;
        }

        // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
        prefix -= address.Family == IpFamily.V4 && text.Contains(':', StringComparison.Ordinal) ? 96 : 0;
        if (prefix < 0 || prefix > Bits(address.Family))
        {
            return false;
        }

        cidr = Of(address, prefix);
        return true;
    }

    /// <summary>The block of <paramref name="prefix"/> bits that holds an address.</summary>
    public static Cidr Of(IpValue address, int prefix)
    {
        var hostBits = Bits(address.Family) - prefix;
        var host = hostBits == 128 ? UInt128.MaxValue : (UInt128.One << hostBits) - 1;
        return new Cidr(address.Family, address.Value & ~host, address.Value | host, prefix);
    }

    /// <summary>The block of one address.</summary>
    public static Cidr Of(IpValue address) => Of(address, Bits(address.Family));

    public bool Contains(IpValue address) => address.Family == Family && address.Value >= First && address.Value <= Last;

    public bool Contains(in Cidr other) => other.Family == Family && other.First >= First && other.Last <= Last;

    public override string ToString() => $"{new IpValue(Family, First)}/{Prefix}";

    private static int Bits(IpFamily family) => family == IpFamily.V4 ? 32 : 128;
}

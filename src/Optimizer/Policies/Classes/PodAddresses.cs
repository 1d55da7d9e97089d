using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>The addresses of pods in order, so that those in a block are found at once; ordered when they are first asked for.</summary>
internal sealed class PodAddresses(IEnumerable<IpValue> addresses)
{
    private readonly Lazy<UInt128[]> v4 = new(() => Ordered(addresses, IpFamily.V4));
    private readonly Lazy<UInt128[]> v6 = new(() => Ordered(addresses, IpFamily.V6));

    public int Count(IpFamily family) => Of(family).Length;

    /// <param name="last">Inclusive.</param>
    public ReadOnlySpan<UInt128> In(IpFamily family, UInt128 first, UInt128 last)
    {
        var all = Of(family);
        return all.AsSpan()[IndexOf(all, first)..(last == UInt128.MaxValue ? all.Length : IndexOf(all, last + 1))];
    }

    private UInt128[] Of(IpFamily family) => (family == IpFamily.V4 ? v4 : v6).Value;

    private static int IndexOf(UInt128[] all, UInt128 value) => Array.BinarySearch(all, value) is var found && found < 0 ? ~found : found;

    private static UInt128[] Ordered(IEnumerable<IpValue> addresses, IpFamily family)
    {
        UInt128[] ordered = [.. addresses.Where(a => a.Family == family).Select(static a => a.Value)];
        Array.Sort(ordered);
        return ordered;
    }
}

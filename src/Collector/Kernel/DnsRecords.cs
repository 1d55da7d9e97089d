using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct dns_key</c> of dns.h: who asks whom.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DnsKey
{
    public SocketOwner Owner { get; init; }

    public MappedAddress Resolver { get; init; }

    /// <summary>IPPROTO_UDP (17) or IPPROTO_TCP (6).</summary>
    public byte Protocol { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly byte zero0;
    private readonly ushort zero1;
    private readonly uint zero2;
#pragma warning restore IDE0051, CS0169, S1144
}

/// <summary><c>struct dns_counters</c> of dns.h, since the program was loaded.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct DnsCounters
{
    /// <summary>With those sent again.</summary>
    public readonly ulong Queries;

    /// <summary>Sent again, unanswered, with the same id on the same socket.</summary>
    public readonly ulong Retries;

    /// <summary>Answers with the bit TC.</summary>
    public readonly ulong Truncated;

    /// <summary>Answers to nothing that waits: late, doubled or forged.</summary>
    public readonly ulong Unmatched;

    /// <summary>Too short for a header, or a query where an answer belongs.</summary>
    public readonly ulong Malformed;

    /// <summary>Queries that found no room to wait in.</summary>
    public readonly ulong Unfollowed;

    public readonly ulong LatencyNanoseconds;

    /// <summary>Answers by how long they took: bounds as in <see cref="DnsProgram.LatencyBounds"/>.</summary>
    public readonly DnsTable Latencies;

    /// <summary>Answers by the four bits of the header.</summary>
    public readonly DnsTable ResponseCodes;
}

/// <summary>DNS_RCODES or DNS_LATENCY_BUCKETS counters.</summary>
[InlineArray(Length)]
public struct DnsTable
{
    public const int Length = 16;

#pragma warning disable S1144 // an inline array's one field stands for all its elements, and nobody names it
    private ulong first;
#pragma warning restore S1144
}

/// <summary><c>struct dns_query_key</c> of dns.h: what an answer must fit.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DnsQueryKey
{
    public ulong SocketCookie { get; init; }

    public MappedAddress Resolver { get; init; }

    /// <summary>As in the packet.</summary>
    public ushort Id { get; init; }

    public byte Protocol { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly byte zero0;
    private readonly uint zero1;
#pragma warning restore IDE0051, CS0169, S1144
}

/// <summary><c>struct dns_query</c> of dns.h. Times of CLOCK_MONOTONIC.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DnsQuery(SocketOwner Owner, ulong FirstSentNanoseconds, ulong LastSentNanoseconds);

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct tcp_edge</c> of tcp.h: what the connections of one edge did since its row was last drained, and how those that are open stand.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TcpEdgeRow
{
    public TcpCounters Counters;
    public ulong Closed;
    public ulong ResetsSent;
    public ulong ResetsReceived;

    /// <summary>Of what <see cref="SmoothedRtt"/> counts, in microseconds.</summary>
    public ulong SmoothedRttSum;
    public ulong MinimumRttSum;
    public ulong ConnectSum;
    public ConnectFailures Failures;
    public RttHistogram SmoothedRtt;
    public RttHistogram MinimumRtt;
    public RttHistogram Connect;

    /// <summary>Open connections by TCP_ESTABLISHED (1), … of include/net/tcp_states.h.</summary>
    public StateCounts States;

    /// <summary>The fold that wrote what follows; 0 where none did.</summary>
    public uint Fold;

    /// <summary>Connections that were once established and are open.</summary>
    public uint Open;
    public uint RttMeasured;
    public uint RateMeasured;
    public uint LargestReceiveBufferBytes;
    public uint LargestReceiveQueueBytes;
    public uint ReceiveBuffersLocked;
    public uint ZeroWindow;
    public uint LargestSendBufferBytes;
    public uint SendBuffersLocked;
    public uint LargestNotSentBytes;
    public uint SlowStartThresholdsKnown;
    public uint WithoutDelay;
    public uint SelfPaced;
    public uint BackedOff;

    /// <summary>In microseconds.</summary>
    public ulong OpenSmoothedRttSum;
    public ulong RateBytesPerSecondSum;
    public ulong SendWindowBytesSum;
    public ulong CongestionWindowBytesSum;
    public ulong SlowStartThresholdBytesSum;
}

/// <summary>Counts by <c>enum connect_failure</c>.</summary>
[InlineArray(Reasons)]
public struct ConnectFailures
{
    public const int Reasons = 5;

#pragma warning disable S1144 // the array's element
    private uint first;
#pragma warning restore S1144
}

/// <summary>Counts by bucket: index of the bound of <see cref="UpperBoundMicroseconds"/> that the time was at most as large as.</summary>
[InlineArray(Buckets)]
public struct RttHistogram
{
    public const int Buckets = 13;

#pragma warning disable S1144 // the array's element
    private uint first;
#pragma warning restore S1144

    /// <summary>As <c>bucket_of()</c> of tcp_socket.h compares.</summary>
    public static ReadOnlySpan<int> UpperBoundMicroseconds => [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000];
}

[InlineArray(States)]
public struct StateCounts
{
    public const int States = 13;

#pragma warning disable S1144 // the array's element
    private uint first;
#pragma warning restore S1144
}

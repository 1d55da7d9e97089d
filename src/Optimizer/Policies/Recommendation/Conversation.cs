using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Who opened connections to whom, on which port.</summary>
internal readonly record struct Conversation(Endpoint Source, Endpoint Destination, TransportProtocol Protocol, int Port)
{
    public override string ToString() => $"{Source} -> {Destination} {Port}/{Protocol.Text()}";
}

/// <summary>How often and when a conversation was seen. Changed while flows are read.</summary>
internal sealed class Sightings
{
    public long Count { get; private set; }

    public DateTimeOffset First { get; private set; } = DateTimeOffset.MaxValue;

    public DateTimeOffset Last { get; private set; } = DateTimeOffset.MinValue;

    public void Add(long count, DateTimeOffset first, DateTimeOffset last)
    {
        Count += count;
        First = first < First ? first : First;
        Last = last > Last ? last : Last;
    }
}

using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Flows → the conversations that the workloads need: without replies, scans, one-offs and what was dropped.</summary>
internal sealed class ConversationSieve(FlowResolver resolver)
{
    /// <summary>Where Linux and most others begin to choose the ports of callers (net.ipv4.ip_local_port_range).</summary>
    private const int FirstEphemeralPort = 32_768;

    /// <summary>A source that tried this many doors, each at most <see cref="ScanKnocks"/> times, scans.</summary>
    private const int ScanDoors = 10;

    private const long ScanKnocks = 2;

    /// <summary>So many doors that nobody declares, each tried once, are a scan too: what the source tried once elsewhere is part of it.</summary>
    private const int ScanOneOffs = 3;

    /// <summary>Up to here a conversation is rare.</summary>
    private const long RareCount = 2;

    private readonly Dictionary<Conversation, Sightings> seen = [];
    private readonly Dictionary<FlowEnd, Endpoint> sources = [];
    private readonly Dictionary<(FlowEnd End, string Protocol, int Port), (Endpoint Endpoint, int Port)> destinations = [];
    private readonly Dictionary<(string Code, string Subject), RecommendationFlag> flags = [];
    private readonly List<Conversation> unnamed = [];
    private readonly List<(Conversation Conversation, int SourcePort, Sightings Sightings)> perhapsReplies = [];

    /// <summary>When the first and the last flow was seen.</summary>
    public Sightings Window { get; } = new();

    /// <summary>Flows that were read.</summary>
    public long Read { get; private set; }

    public ImmutableArray<RecommendationFlag> Flags => [.. flags.Values];

    /// <summary>Those of which one end is only known as one of many (<see cref="FlowEnd.IsUnnamed"/>).</summary>
    public IReadOnlyList<Conversation> Unnamed => unnamed;

    public void Add(ObservedFlow flow)
    {
        Read++;
        Window.Add(1, flow.FirstSeen, flow.LastSeen);
        if (TransportProtocolText.Parse(flow.Protocol) is not { } protocol)
        {
            Flag(RecommendationFlags.InexpressibleProtocol, $"{flow.Source} -> {flow.Destination} {flow.Protocol}", "network policies cannot state this protocol; whether it passes is up to the network plugin", needsReview: true);
            return;
        }

        var source = Source(flow.Source);
        var (destination, port) = Destination(flow.Destination, flow.Protocol, flow.DestinationPort);
        var conversation = new Conversation(source, destination, protocol, port);
        if (flow.Verdict == FlowVerdict.Dropped)
        {
            Flag(RecommendationFlags.Dropped, conversation.ToString(), "it was dropped when it was seen and is not allowed now", needsReview: false);
            return;
        }

        if ((destination is Endpoint.Outside or Endpoint.Host && source is Endpoint.Outside or Endpoint.Host) || resolver.IsOfOwnNode(source, flow.Destination, protocol, port))
        {
            return;
        }

        // Who sums up knows who called.
        if (!flow.Source.IsUnnamed && !flow.Destination.IsUnnamed && IsPerhapsReply(flow, destination, port))
        {
            var sightings = new Sightings();
            sightings.Add(flow.Count, flow.FirstSeen, flow.LastSeen);
            perhapsReplies.Add((conversation, flow.SourcePort, sightings));
            return;
        }

        Note(conversation, flow.Count, flow.FirstSeen, flow.LastSeen);
    }

    /// <summary>What is left when every flow has been read.</summary>
    public Dictionary<Conversation, Sightings> Kept()
    {
        foreach (var (conversation, sourcePort, sightings) in perhapsReplies)
        {
            Judge(conversation, sourcePort, sightings);
        }

        perhapsReplies.Clear();
        var kept = new Dictionary<Conversation, Sightings>();
        foreach (var bySource in seen.GroupBy(static s => s.Key.Source))
        {
            var closed = bySource.Where(s => s.Value.Count <= ScanKnocks && !IsDeclared(s.Key)).ToList();
            var most = closed.Count >= ScanDoors ? ScanKnocks : closed.Count(static s => s.Value.Count == 1) >= ScanOneOffs ? 1 : 0;
            var knocks = bySource.Where(s => s.Value.Count <= most && s.Key.Destination is Endpoint.Workload).Select(static s => s.Key).ToHashSet();
            if (most > 0)
            {
                Flag(RecommendationFlags.Scan, $"{bySource.Key}", $"it tried {closed.Count} ports that nobody declares; what it tried at most {most} time(s) is not allowed", needsReview: true);
            }

            foreach (var (conversation, sightings) in bySource)
            {
                if (knocks.Contains(conversation))
                {
                    continue;
                }

                if (IsFromTheWorld(conversation))
                {
                    kept.Add(conversation, sightings);
                    continue;
                }

                if (conversation is { Source: Endpoint.Unnameable { Flag: RecommendationFlags.UnnamedPeer } } or { Destination: Endpoint.Unnameable { Flag: RecommendationFlags.UnnamedPeer } })
                {
                    unnamed.Add(conversation);
                    continue;
                }

                if (conversation.Source is Endpoint.Unnameable nameless || conversation.Destination is Endpoint.Unnameable)
                {
                    nameless = conversation.Source as Endpoint.Unnameable ?? (Endpoint.Unnameable)conversation.Destination;
                    Flag(nameless.Flag, nameless.Name, $"{conversation} cannot be allowed by a rule that names it; {Remedy(nameless.Flag)}", needsReview: true);
                    continue;
                }

                if (sightings.Count == 1 && conversation.Destination is Endpoint.Workload && !IsDeclared(conversation))
                {
                    Flag(RecommendationFlags.OneOff, conversation.ToString(), "seen once, to a port that no container declares; it is not allowed", needsReview: true);
                    continue;
                }

                if (sightings.Count <= RareCount)
                {
                    Flag(RecommendationFlags.Rare, conversation.ToString(), $"allowed, though seen only {sightings.Count} time(s)", needsReview: true);
                }

                kept.Add(conversation, sightings);
            }
        }

        return kept;
    }

    private static string Remedy(string flag) => flag switch
    {
        RecommendationFlags.UnselectablePod => "give the pod a label of its own",
        RecommendationFlags.UnknownPod => "the pod is gone: if its workload still runs, observe it again",
        _ => "the address of its node is not known",
    };

    /// <summary>Callers of the Internet, of which one is as good as another where a load balancer or node port offers the port to all.</summary>
    private bool IsFromTheWorld(in Conversation conversation) =>
        conversation is { Source: Endpoint.Unnameable { Flag: RecommendationFlags.UnnamedPeer, Name: Endpoint.World }, Destination: Endpoint.Workload { Group: var called } }
        && resolver.IsOffered(called.Pods, conversation.Protocol, conversation.Port);

    private bool IsPerhapsReply(ObservedFlow flow, Endpoint destination, int port) =>
        !resolver.IsDeclared(destination, flow.Protocol, port)
        && (flow.SourcePort > 0 ? port >= 1024 && flow.SourcePort != port : port >= FirstEphemeralPort);

    /// <summary>A reply where the connection was seen the other way round, or where the source says that it listens; otherwise a connection after all.</summary>
    private void Judge(in Conversation conversation, int sourcePort, Sightings sightings)
    {
        var (source, destination, protocol, port) = conversation;
        var isListening = sourcePort > 0 && (resolver.IsDeclared(source, protocol.Text(), sourcePort) || (sourcePort < 1024 && port >= FirstEphemeralPort));
        var forward = new Conversation(destination, source, protocol, sourcePort);
        var isForwardSeen = sourcePort > 0
            ? seen.ContainsKey(forward)
            : seen.Keys.Any(s => s.Source == destination && s.Destination == source && s.Protocol == protocol);
        if (!isListening && !isForwardSeen)
        {
            Note(conversation, sightings.Count, sightings.First, sightings.Last);
            return;
        }

        if (!isForwardSeen)
        {
            // Only the answers were recorded: the connection that they answer is needed all the same.
            Note(forward, sightings.Count, sightings.First, sightings.Last);
        }

        Flag(RecommendationFlags.Reply, conversation.ToString(), "answers to connections the other way round need no rule", needsReview: false);
    }

    private void Note(in Conversation conversation, long count, DateTimeOffset first, DateTimeOffset last)
    {
        if (!seen.TryGetValue(conversation, out var sightings))
        {
            sightings = new Sightings();
            seen.Add(conversation, sightings);
        }

        sightings.Add(count, first, last);
    }

    private bool IsDeclared(in Conversation conversation) =>
        conversation.Destination is not Endpoint.Workload || resolver.IsDeclared(conversation.Destination, conversation.Protocol.Text(), conversation.Port);

    private Endpoint Source(in FlowEnd end)
    {
        if (!sources.TryGetValue(end, out var endpoint))
        {
            endpoint = resolver.Source(end);
            sources.Add(end, endpoint);
        }

        return endpoint;
    }

    private (Endpoint Endpoint, int Port) Destination(in FlowEnd end, string protocol, int port)
    {
        if (!destinations.TryGetValue((end, protocol, port), out var found))
        {
            found = resolver.Destination(end, protocol, port);
            destinations.Add((end, protocol, port), found);
        }

        return found;
    }

    private void Flag(string code, string subject, string message, bool needsReview) =>
        flags.TryAdd((code, subject), new RecommendationFlag(code, subject, message, needsReview));
}

using NetPulse.Collector.Attribution;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Proc;
using NetPulse.Telemetry.Exposition;

namespace NetPulse.Collector.Sources;

/// <summary>A file that each network namespace has for itself.</summary>
public enum NamespaceFile
{
    Interfaces,
    Snmp,
    Netstat,
    Snmp6,
    Sockstat,
    Sockstat6,
    ConntrackCount,
    ConntrackStatistics,
}

/// <summary>The files of every network namespace at this tick, read with one entry into each; other sources make samples of them.</summary>
/// <remarks>Registered before the sources that use it. The memory is kept from tick to tick.</remarks>
public sealed class NamespaceFiles(NetworkNamespaceThread thread, NodeObserver node) : ISource
{
    private const int Absent = -1;
    private const int UsualLength = 16_384;

    /// <summary>In the order of <see cref="NamespaceFile"/>. Of the thread and not of the process, which is elsewhere.</summary>
    private static readonly string[] Paths =
    [
        "/proc/thread-self/net/dev",
        "/proc/thread-self/net/snmp",
        "/proc/thread-self/net/netstat",
        "/proc/thread-self/net/snmp6",
        "/proc/thread-self/net/sockstat",
        "/proc/thread-self/net/sockstat6",
        "/proc/sys/net/netfilter/nf_conntrack_count",
        "/proc/thread-self/net/stat/nf_conntrack",
    ];

    private readonly List<Capture> captures = [];
    private int count;

    public string Name => "namespaces";

    /// <summary>Takes what a file of one namespace holds.</summary>
    public delegate void Visitor(OwnedNamespace target, ReadOnlySpan<byte> text);

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        count = 0;
        var present = node.Current.Namespaces.Present;
        NetworkNamespaceException? refusal = null;
        thread.RunEach(present, static each => each.Namespace, ReadHere, (_, e) => refusal = e.IsGone ? refusal : e);
        if (captures.Count > count)
        {
            captures.RemoveRange(count, captures.Count - count);
        }

        if (refusal is not null)
        {
            throw refusal;
        }
    }

    /// <summary>Visits the file of each namespace that has it; one that cannot be read or understood does not stop the others.</summary>
    /// <exception cref="IOException">One could not be read.</exception>
    /// <exception cref="InvalidDataException">The visitor could not understand one.</exception>
    public void ForEach(NamespaceFile file, Visitor visit)
    {
        Exception? failure = null;
        for (var i = 0; i < count; i++)
        {
            var capture = captures[i];
            failure ??= capture.Failures[(int)file];
            if (capture.Lengths[(int)file] == Absent)
            {
                continue;
            }

            try
            {
                visit(capture.Target!, capture.TextOf(file));
            }
            catch (FormatException e)
            {
                failure ??= new InvalidDataException($"{Paths[(int)file]} of {capture.Target!.Owner}: {e.Message}", e);
            }
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    private void ReadHere(OwnedNamespace target)
    {
        if (count == captures.Count)
        {
            captures.Add(new Capture());
        }

        var capture = captures[count];
        capture.Target = target;
        var offset = 0;
        for (var i = 0; i < Paths.Length; i++)
        {
            capture.Offsets[i] = offset;
            capture.Lengths[i] = Absent;
            capture.Failures[i] = null;
            try
            {
                if (ProcFile.Read(Paths[i], ref capture.Text, offset) is { } length)
                {
                    capture.Lengths[i] = length;
                    offset += length;
                }
            }
            catch (IOException e)
            {
                capture.Failures[i] = e;
            }
        }

        count++;
    }

    /// <summary>One namespace's files, one behind the other.</summary>
    private sealed class Capture
    {
        public byte[] Text = new byte[UsualLength];

        public OwnedNamespace? Target { get; set; }

        public int[] Offsets { get; } = new int[Paths.Length];

        public int[] Lengths { get; } = new int[Paths.Length];

        public IOException?[] Failures { get; } = new IOException?[Paths.Length];

        public ReadOnlySpan<byte> TextOf(NamespaceFile file) => Text.AsSpan(Offsets[(int)file], Lengths[(int)file]);
    }
}

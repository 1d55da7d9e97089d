using System.Globalization;
using NetPulse.Collector.Attribution;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Sources;

/// <summary>How much waits in UDP sockets, read only in namespaces in which something was dropped: the kernel walks its whole table for it.</summary>
internal sealed class UdpQueues(NetworkNamespaceThread thread)
{
    private static readonly string[] Files = ["/proc/thread-self/net/udp", "/proc/thread-self/net/udp6"];

    /// <summary>Bytes that wait in the fullest socket of each local port; nothing where the namespace has ended.</summary>
    /// <exception cref="NetworkNamespaceException">The namespace may not be entered.</exception>
    /// <exception cref="InvalidDataException">A file of the kernel makes no sense.</exception>
    public IReadOnlyDictionary<ushort, long> Read(NodePicture picture, ulong namespaceInode)
    {
        var queues = new Dictionary<ushort, long>();
        if (picture.Namespaces.Present.FirstOrDefault(each => each.Namespace.Inode == namespaceInode) is not { } target)
        {
            return queues;
        }

        try
        {
            thread.Run(target.Namespace, () =>
            {
                foreach (var file in Files.Where(File.Exists))
                {
                    foreach (var line in File.ReadLines(file).Skip(1))
                    {
                        Add(line, queues);
                    }
                }
            });
        }
        catch (NetworkNamespaceException e) when (e.IsGone)
        {
            queues.Clear();
        }
        catch (FormatException e)
        {
            throw new InvalidDataException(e.Message, e);
        }

        return queues;
    }

    /// <param name="line">As <c>7: 0100007F:0035 00000000:0000 07 00000000:00000300 …</c>: slot, local, remote, state, transmit and receive queue.</param>
    /// <param name="queues">By local port.</param>
    /// <exception cref="FormatException">It is no such line.</exception>
    internal static void Add(string line, Dictionary<ushort, long> queues)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 5
            || !ushort.TryParse(After(fields[1]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var port)
            || !long.TryParse(After(fields[4]), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var waiting)
            || waiting < 0)
        {
            throw new FormatException($"\"{line}\" is no line of /proc/net/udp");
        }

        queues[port] = Math.Max(queues.GetValueOrDefault(port), waiting);
    }

    private static string After(string field) => field[(field.IndexOf(':', StringComparison.Ordinal) + 1)..];
}

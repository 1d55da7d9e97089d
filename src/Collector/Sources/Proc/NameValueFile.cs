using System.Collections.Frozen;
using System.Text;

namespace NetPulse.Collector.Sources.Proc;

/// <summary>Reads chosen numbers of <c>/proc/net/snmp6</c> (net/ipv6/proc.c): a name and a number a line.</summary>
/// <param name="wanted">Each as <c>Ip6ReasmFails</c>; its index is where the number goes.</param>
public sealed class NameValueFile(IEnumerable<string> wanted)
{
    private const int LongestName = 64;

    private readonly FrozenDictionary<string, int> wanted = wanted.Select(static (name, index) => KeyValuePair.Create(name, index)).ToFrozenDictionary(StringComparer.Ordinal);

    /// <inheritdoc cref="CounterTable.Read"/>
    public void Read(ReadOnlySpan<byte> text, Span<double> found)
    {
        var places = wanted.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> chars = stackalloc char[LongestName];
        foreach (var range in text.Split((byte)'\n'))
        {
            var words = new ByteWords(text[range]);
            var name = words.Next();
            if (name.IsEmpty || name.Length > LongestName || !Encoding.ASCII.TryGetChars(name, chars, out var length) || !places.TryGetValue(chars[..length], out var place))
            {
                continue;
            }

            found[place] = ByteText.Number(words.Next());
        }
    }
}

using System.Buffers.Text;
using System.Text;

namespace NetPulse.Collector.Sources.Proc;

/// <summary>The words of one line of a /proc file, one after the other, without allocation.</summary>
/// <param name="line">Separated by blanks and tabs.</param>
public ref struct ByteWords(ReadOnlySpan<byte> line)
{
    private ReadOnlySpan<byte> rest = line;

    /// <returns>Empty at the end.</returns>
    public ReadOnlySpan<byte> Next()
    {
        var begin = rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        if (begin < 0)
        {
            rest = [];
            return rest;
        }

        rest = rest[begin..];
        var length = rest.IndexOfAny((byte)' ', (byte)'\t');
        var word = length < 0 ? rest : rest[..length];
        rest = rest[word.Length..];
        return word;
    }
}

/// <summary>Numbers and names in the bytes of a /proc file.</summary>
public static class ByteText
{
    /// <exception cref="FormatException">It is no whole number.</exception>
    public static long Number(ReadOnlySpan<byte> word) =>
        Utf8Parser.TryParse(word, out long number, out var used) && used == word.Length ? number : throw NoNumber(word);

    /// <inheritdoc cref="Number"/>
    public static ulong Unsigned(ReadOnlySpan<byte> word) =>
        Utf8Parser.TryParse(word, out ulong number, out var used) && used == word.Length ? number : throw NoNumber(word);

    /// <inheritdoc cref="Number"/>
    public static uint Hexadecimal(ReadOnlySpan<byte> word) =>
        Utf8Parser.TryParse(word, out uint number, out var used, 'X') && used == word.Length ? number : throw NoNumber(word);

    public static string Of(ReadOnlySpan<byte> word) => Encoding.UTF8.GetString(word);

    /// <summary>For a message: not more than its beginning.</summary>
    public static string BeginningOf(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line[..Math.Min(line.Length, 40)]);

    private static FormatException NoNumber(ReadOnlySpan<byte> word) => new($"{BeginningOf(word)} is no number");
}

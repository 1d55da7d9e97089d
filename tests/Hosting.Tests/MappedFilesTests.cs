using System.IO.MemoryMappedFiles;
using System.Text.RegularExpressions;
using NetPulse.Linux.Memory;

namespace NetPulse.Hosting.Tests;

public sealed class MappedFilesTests
{
    [Fact]
    public void What_was_read_of_a_mapped_file_is_given_back_and_read_again_when_it_is_needed()
    {
        // On the disk: what is in memory only, as a file under /tmp may be, has nowhere to be read from again.
        var file = Path.Combine(AppContext.BaseDirectory, $"nptest-{Guid.NewGuid():N}");
        try
        {
            var bytes = new byte[8 << 20];
            new Random(1).NextBytes(bytes);
            using (var written = File.Create(file))
            {
                written.Write(bytes);
                written.Flush(flushToDisk: true);
            }

            using var mapped = MemoryMappedFile.CreateFromFile(file, FileMode.Open);
            using var view = mapped.CreateViewStream(0, bytes.Length, MemoryMappedFileAccess.Read);
            Assert.Equal(bytes, Read(view));
            Assert.True(ResidentKibibytes(file) >= 8 << 10);

            MappedFiles.GiveBack();
            Assert.InRange(ResidentKibibytes(file), 0, 1 << 10);
            Assert.Equal(bytes, Read(view));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[] Read(Stream view)
    {
        var read = new byte[view.Length];
        view.Position = 0;
        view.ReadExactly(read);
        return read;
    }

    private static long ResidentKibibytes(string file)
    {
        var resident = 0L;
        var isOurs = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            isOurs = Regex.IsMatch(line, "^[0-9a-f]+-[0-9a-f]+ ") ? line.EndsWith(file, StringComparison.Ordinal) : isOurs;
            resident += isOurs && line.StartsWith("Rss:", StringComparison.Ordinal) ? long.Parse(Regex.Match(line, "[0-9]+").Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
        }

        return resident;
    }
}

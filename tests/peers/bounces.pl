# What Sisimai, an independent reader of returned mail, makes of each message in a folder: one line each, its name and the
# reasons found, with a tab between them; a hyphen where it finds nothing.
use strict;
use warnings;
use Sisimai;

for my $file (sort glob("$ARGV[0]/*.eml")) {
    my $found = eval { Sisimai->make($file, 'delivered' => 1) } || [];
    my ($name) = $file =~ m{([^/]+)\.eml$};
    print "$name\t", (join(',', map { $_->reason } @$found) || '-'), "\n";
}

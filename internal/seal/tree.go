package seal

import (
	"context"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/posternsql/postern/internal/query"
)

// hashesOf splits the octets that a leaf stores into hashes.
func hashesOf(stored []byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(stored)/tlog.HashSize)
	for index := range hashes {
		copy(hashes[index][:], stored[index*tlog.HashSize:])
	}
	return hashes
}

// join is the inverse of hashesOf.
func join(hashes []tlog.Hash) []byte {
	stored := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, hash := range hashes {
		stored = append(stored, hash[:]...)
	}
	return stored
}

// completedBy returns the leaf that completes node n of a level, and therefore stores it.
func completedBy(level int, n int64) int64 { return (n+1)<<level - 1 }

// readHashes reads nodes of the tree from the database. It reads all nodes of one call in one query.
func readHashes(ctx context.Context, queries *query.Queries) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		wanted := make([]int64, len(indexes))
		for position, index := range indexes {
			wanted[position] = completedBy(tlog.SplitStoredHashIndex(index))
		}
		leaves, err := queries.LeavesByNumber(ctx, wanted)
		if err != nil {
			return nil, err
		}
		stored := make(map[int64][]byte, len(leaves))
		for _, leaf := range leaves {
			stored[leaf.LeafNumber] = leaf.Hashes
		}
		hashes := make([]tlog.Hash, len(indexes))
		for position, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			from := stored[completedBy(level, n)]
			if len(from) < (level+1)*tlog.HashSize {
				return nil, &TamperedError{Finding{Kind: TreeRewritten, Message: fmt.Sprintf("the tree has no node %d of level %d", n, level)}}
			}
			copy(hashes[position][:], from[level*tlog.HashSize:])
		}
		return hashes, nil
	}
}

// frontier is the part of a tree that is needed to append to it and to compute its root: the complete subtrees, at most
// one per level.
type frontier struct {
	size     int64
	subtrees [bits.UintSize]tlog.Hash
}

// readFrontier reads the frontier of the tree of this size.
func readFrontier(size int64, reader tlog.HashReader) (*frontier, error) {
	f := &frontier{size: size}
	var indexes []int64
	var levels []int
	for level := range f.subtrees {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>level-1))
			levels = append(levels, level)
		}
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for position, level := range levels {
		f.subtrees[level] = hashes[position]
	}
	return f, nil
}

// ReadHashes returns the nodes that tlog asks for when it appends a leaf or computes the root.
func (f *frontier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for position, index := range indexes {
		level, _ := tlog.SplitStoredHashIndex(index)
		hashes[position] = f.subtrees[level]
	}
	return hashes, nil
}

// append adds a hash as the next leaf, and returns the hashes that this leaf must store.
func (f *frontier) append(leaf tlog.Hash) ([]tlog.Hash, error) {
	stored, err := tlog.StoredHashesForRecordHash(f.size, leaf, f)
	if err != nil {
		return nil, err
	}
	f.size++
	f.subtrees[len(stored)-1] = stored[len(stored)-1]
	return stored, nil
}

// root returns the hash of the whole tree.
func (f *frontier) root() (tlog.Hash, error) { return tlog.TreeHash(f.size, f) }

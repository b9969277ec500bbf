<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ko">
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>파일(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>편집(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Go</source>
        <translation>이동(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>보기(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Masks</source>
        <translation>마스크(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Net</source>
        <translation>신경망(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>도움말(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Layout</source>
        <translation>배치(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Move</source>
        <translation>화면 이동(&amp;M)</translation>
    </message>
    <message>
        <source>T&amp;heme</source>
        <translation>테마(&amp;H)</translation>
    </message>
    <message>
        <source>Lan&amp;guage</source>
        <translation>언어(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Palette</source>
        <translation>팔레트(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Device</source>
        <translation>장치(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Precision</source>
        <translation>정밀도(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>열기(&amp;O)…</translation>
    </message>
    <message>
        <source>Open &amp;Folder…</source>
        <translation>폴더 열기(&amp;F)…</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>붙여넣기(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Ground Truth…</source>
        <translation>정답 마스크(&amp;G)…</translation>
    </message>
    <message>
        <source>&amp;Forget Chosen Ground Truth</source>
        <translation>고른 정답 마스크 취소(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Export…</source>
        <translation>내보내기(&amp;E)…</translation>
    </message>
    <message>
        <source>Save &amp;View…</source>
        <translation>화면 저장(&amp;V)…</translation>
    </message>
    <message>
        <source>&amp;Copy View</source>
        <translation>화면 복사(&amp;C)</translation>
    </message>
    <message>
        <source>Copy Pat&amp;h</source>
        <translation>경로 복사(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>끝내기(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>실행 취소(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>다시 실행(&amp;R)</translation>
    </message>
    <message>
        <source>Re&amp;move Photo from List</source>
        <translation>목록에서 사진 빼기(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Clear List</source>
        <translation>목록 비우기(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Previous Photo</source>
        <translation>이전 사진(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Next Photo</source>
        <translation>다음 사진(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;First Photo</source>
        <translation>첫 사진(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Last Photo</source>
        <translation>마지막 사진(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>취소(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Photo</source>
        <translation>사진(&amp;P)</translation>
    </message>
    <message>
        <source>Ground &amp;Truth</source>
        <translation>정답 마스크(&amp;T)</translation>
    </message>
    <message>
        <source>FCN-&amp;32s</source>
        <translation>FCN-&amp;32s</translation>
    </message>
    <message>
        <source>FCN-&amp;16s</source>
        <translation>FCN-&amp;16s</translation>
    </message>
    <message>
        <source>FCN-&amp;8s</source>
        <translation>FCN-&amp;8s</translation>
    </message>
    <message>
        <source>&amp;Automatic</source>
        <translation>자동(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Side by Side</source>
        <translation>나란히(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Grid</source>
        <translation>격자(&amp;G)</translation>
    </message>
    <message>
        <source>S&amp;ingle</source>
        <translation>하나만(&amp;I)</translation>
    </message>
    <message>
        <source>S&amp;wipe</source>
        <translation>밀어 보기(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Difference</source>
        <translation>차이(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Blink Next Mask (hold)</source>
        <translation>다음 마스크와 번갈아 보기, 누르고 있기(&amp;B)</translation>
    </message>
    <message>
        <source>Blink P&amp;revious Mask (hold)</source>
        <translation>이전 마스크와 번갈아 보기, 누르고 있기(&amp;R)</translation>
    </message>
    <message>
        <source>Zoom &amp;In</source>
        <translation>확대(&amp;I)</translation>
    </message>
    <message>
        <source>Zoom &amp;Out</source>
        <translation>축소(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Fit</source>
        <translation>창에 맞춤(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Actual Size</source>
        <translation>실제 크기(&amp;A)</translation>
    </message>
    <message>
        <source>Move Left</source>
        <translation>왼쪽으로</translation>
    </message>
    <message>
        <source>Move Right</source>
        <translation>오른쪽으로</translation>
    </message>
    <message>
        <source>Move Up</source>
        <translation>위로</translation>
    </message>
    <message>
        <source>Move Down</source>
        <translation>아래로</translation>
    </message>
    <message>
        <source>As the S&amp;ystem</source>
        <translation>시스템 설정대로(&amp;Y)</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>밝게(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>어둡게(&amp;D)</translation>
    </message>
    <message>
        <source>S&amp;witch Light and Dark</source>
        <translation>밝게와 어둡게 바꾸기(&amp;W)</translation>
    </message>
    <message>
        <source>English</source>
        <translation>English</translation>
    </message>
    <message>
        <source>한국어</source>
        <translation>한국어</translation>
    </message>
    <message>
        <source>Film S&amp;trip</source>
        <translation>필름 스트립(&amp;T)</translation>
    </message>
    <message>
        <source>L&amp;egend</source>
        <translation>범례(&amp;E)</translation>
    </message>
    <message>
        <source>F&amp;ull Screen</source>
        <translation>전체 화면(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Show Masks</source>
        <translation>마스크 보이기(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Outlines Only</source>
        <translation>윤곽선만(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Wrong Pixels Only</source>
        <translation>틀린 픽셀만(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;More Opaque</source>
        <translation>더 불투명하게(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Less Opaque</source>
        <translation>더 투명하게(&amp;L)</translation>
    </message>
    <message>
        <source>Hatch M&amp;ore Unsure Pixels</source>
        <translation>빗금 칠 픽셀 늘리기(&amp;O)</translation>
    </message>
    <message>
        <source>Hatch &amp;Fewer Unsure Pixels</source>
        <translation>빗금 칠 픽셀 줄이기(&amp;F)</translation>
    </message>
    <message>
        <source>Next Class A&amp;lone</source>
        <translation>다음 클래스만 보기(&amp;L)</translation>
    </message>
    <message>
        <source>Show &amp;All Classes</source>
        <translation>모든 클래스 보기(&amp;A)</translation>
    </message>
    <message>
        <source>The &amp;Data Set&apos;s Own</source>
        <translation>데이터 세트의 색(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Okabe-Ito, Extended (colour-blind safe)</source>
        <translation>Okabe-Ito 확장, 색각 이상 배려(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Tol Muted, Extended (colour-blind safe)</source>
        <translation>Tol muted 확장, 색각 이상 배려(&amp;T)</translation>
    </message>
    <message>
        <source>Open &amp;Palette…</source>
        <translation>팔레트 열기(&amp;P)…</translation>
    </message>
    <message>
        <source>&amp;Save Palette…</source>
        <translation>팔레트 저장(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Open Checkpoint…</source>
        <translation>체크포인트 열기(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Compare with Checkpoint…</source>
        <translation>다른 체크포인트와 비교(&amp;C)…</translation>
    </message>
    <message>
        <source>Use the &amp;Default Checkpoint</source>
        <translation>기본 체크포인트 쓰기(&amp;D)</translation>
    </message>
    <message>
        <source>C&amp;lose Last Checkpoint</source>
        <translation>마지막 체크포인트 닫기(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;CPU</source>
        <translation>&amp;CPU</translation>
    </message>
    <message>
        <source>C&amp;UDA</source>
        <translation>C&amp;UDA</translation>
    </message>
    <message>
        <source>Apple &amp;GPU (MPS)</source>
        <translation>Apple &amp;GPU (MPS)</translation>
    </message>
    <message>
        <source>fp&amp;32</source>
        <translation>fp&amp;32</translation>
    </message>
    <message>
        <source>&amp;bf16</source>
        <translation>&amp;bf16</translation>
    </message>
    <message>
        <source>&amp;fp16</source>
        <translation>&amp;fp16</translation>
    </message>
    <message>
        <source>&amp;Find a Command…</source>
        <translation>명령 찾기(&amp;F)…</translation>
    </message>
    <message>
        <source>&amp;Keyboard Shortcuts</source>
        <translation>키보드 단축키(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;About FCN Studio</source>
        <translation>FCN Studio 정보(&amp;A)</translation>
    </message>
</context>
<context>
    <name>Captions</name>
    <message>
        <source>Photo</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>Ground truth</source>
        <translation>정답 마스크</translation>
    </message>
    <message>
        <source>mean IU {0} · pixel accuracy {1}</source>
        <translation>평균 IU {0} · 픽셀 정확도 {1}</translation>
    </message>
    <message>
        <source>waiting for its mask</source>
        <translation>마스크를 기다리는 중</translation>
    </message>
    <message>
        <source>without a mask</source>
        <translation>마스크 없음</translation>
    </message>
    <message>
        <source>exit of {0}</source>
        <translation>{0}의 출력</translation>
    </message>
    <message>
        <source>void</source>
        <translation>무시</translation>
    </message>
</context>
<context>
    <name>ClassLegend</name>
    <message>
        <source>Classes</source>
        <translation>클래스</translation>
    </message>
    <message>
        <source>Share of pixels in percent. Click hides a class, Alt+click shows it alone.</source>
        <translation>픽셀 비율(%). 클릭하면 숨기고, Alt+클릭하면 그 클래스만 보입니다.</translation>
    </message>
    <message>
        <source>Checkpoint whose shares are listed</source>
        <translation>비율을 보여 줄 체크포인트</translation>
    </message>
    <message>
        <source>Classes and their shares of pixels</source>
        <translation>클래스와 픽셀 비율</translation>
    </message>
    <message>
        <source>Show all classes</source>
        <translation>모든 클래스 보기</translation>
    </message>
    <message>
        <source>truth</source>
        <translation>정답</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>클래스</translation>
    </message>
    <message>
        <source>shown</source>
        <translation>보임</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>숨김</translation>
    </message>
    <message>
        <source>Show or Hide</source>
        <translation>보이기 또는 숨기기</translation>
    </message>
    <message>
        <source>Show Alone</source>
        <translation>이것만 보기</translation>
    </message>
    <message>
        <source>Change Colour…</source>
        <translation>색 바꾸기…</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Find a command</source>
        <translation>명령 찾기</translation>
    </message>
    <message>
        <source>Type a part of a command&apos;s name</source>
        <translation>명령 이름의 일부를 입력하세요</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>명령</translation>
    </message>
    <message>
        <source>Matching commands</source>
        <translation>일치하는 명령</translation>
    </message>
</context>
<context>
    <name>CutoffSlider</name>
    <message>
        <source>Hatch below</source>
        <translation>빗금 기준</translation>
    </message>
    <message>
        <source>Hatch pixels whose class has a probability below this, in percent</source>
        <translation>클래스 확률이 이 값(%)보다 낮은 픽셀에 빗금 치기</translation>
    </message>
    <message>
        <source>Hatches pixels whose winning class has a lower softmax probability ({ and })</source>
        <translation>이긴 클래스의 softmax 확률이 이보다 낮은 픽셀에 빗금을 칩니다 ({ 와 })</translation>
    </message>
    <message>
        <source>off</source>
        <translation>끔</translation>
    </message>
</context>
<context>
    <name>Download</name>
    <message>
        <source>There is no picture behind this link.</source>
        <translation>이 링크에는 그림이 없습니다.</translation>
    </message>
    <message>
        <source>{0}: over {1} MB; download it yourself and open the file.</source>
        <translation>{0}: {1} MB를 넘습니다. 직접 내려받아 파일을 여세요.</translation>
    </message>
    <message>
        <source>{0}: the picture could not be fetched ({1}).</source>
        <translation>{0}: 그림을 가져오지 못했습니다 ({1}).</translation>
    </message>
    <message>
        <source>{0} is not a picture but {1}; drop the picture itself.</source>
        <translation>{0}은(는) 그림이 아니라 {1}입니다. 그림을 직접 놓으세요.</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>알 수 없음</translation>
    </message>
    <message>
        <source>{0} could not be kept ({1}); free some space.</source>
        <translation>{0}을(를) 저장하지 못했습니다 ({1}). 공간을 비우세요.</translation>
    </message>
</context>
<context>
    <name>DropOverlay</name>
    <message>
        <source>Drop to open</source>
        <translation>놓으면 열립니다</translation>
    </message>
    <message>
        <source>Photos, folders, a mask as ground truth of the photo on screen, or a checkpoint</source>
        <translation>사진, 폴더, 화면 사진의 정답 마스크, 또는 체크포인트</translation>
    </message>
</context>
<context>
    <name>EmptyState</name>
    <message>
        <source>Drop a photo here</source>
        <translation>여기에 사진을 놓으세요</translation>
    </message>
    <message>
        <source>Files, folders and pictures from a browser can be dropped anywhere on this window.
Or open one with Ctrl+O, a folder with Ctrl+Shift+O, or paste with Ctrl+V.</source>
        <translation>파일, 폴더, 브라우저의 그림을 이 창 어디에나 놓을 수 있습니다.
Ctrl+O로 파일을, Ctrl+Shift+O로 폴더를 열거나 Ctrl+V로 붙여넣으세요.</translation>
    </message>
    <message>
        <source>Open a photo…</source>
        <translation>사진 열기…</translation>
    </message>
    <message>
        <source>Show a sample</source>
        <translation>예제 보기</translation>
    </message>
</context>
<context>
    <name>ErrorBanner</name>
    <message>
        <source>Dismiss this message</source>
        <translation>이 메시지 닫기</translation>
    </message>
    <message>
        <source>Dismiss (Esc)</source>
        <translation>닫기 (Esc)</translation>
    </message>
    <message>
        <source>Error: {0}</source>
        <translation>오류: {0}</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export</source>
        <translation>내보내기</translation>
    </message>
    <message>
        <source>&amp;This photo</source>
        <translation>이 사진(&amp;T)</translation>
    </message>
    <message>
        <source>A&amp;ll {0} photos of the list</source>
        <translation>목록의 사진 {0}장 모두(&amp;L)</translation>
    </message>
    <message>
        <source>E&amp;xport</source>
        <translation>내보내기(&amp;X)</translation>
    </message>
    <message>
        <source>What</source>
        <translation>내용</translation>
    </message>
    <message>
        <source>Variants</source>
        <translation>변형</translation>
    </message>
    <message>
        <source>Photos</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>&amp;Masks</source>
        <translation>마스크(&amp;M)</translation>
    </message>
    <message>
        <source>Indexed PNG: each pixel is its class, with the palette</source>
        <translation>인덱스 PNG: 각 픽셀이 클래스 번호이며 팔레트를 담습니다</translation>
    </message>
    <message>
        <source>&amp;Overlays</source>
        <translation>오버레이(&amp;O)</translation>
    </message>
    <message>
        <source>PNG: the masks over the photo</source>
        <translation>PNG: 사진 위의 마스크</translation>
    </message>
    <message>
        <source>Comparison &amp;figure</source>
        <translation>비교 그림(&amp;F)</translation>
    </message>
    <message>
        <source>PNG: photo and all variants beside each other</source>
        <translation>PNG: 사진과 모든 변형을 나란히</translation>
    </message>
    <message>
        <source>&amp;Scores</source>
        <translation>점수(&amp;S)</translation>
    </message>
    <message>
        <source>NPZ: the score maps on their own grids</source>
        <translation>NPZ: 원래 격자의 점수 맵</translation>
    </message>
    <message>
        <source>Animation as &amp;GIF</source>
        <translation>애니메이션 GIF(&amp;G)</translation>
    </message>
    <message>
        <source>Photo, then each variant, coarse to fine</source>
        <translation>사진 다음 거친 것부터 세밀한 것까지 각 변형</translation>
    </message>
    <message>
        <source>Animation as &amp;WebP</source>
        <translation>애니메이션 WebP(&amp;W)</translation>
    </message>
    <message>
        <source>The same in all colours</source>
        <translation>모든 색으로 같은 것</translation>
    </message>
    <message>
        <source>Fol&amp;der</source>
        <translation>폴더(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Browse…</source>
        <translation>찾아보기(&amp;B)…</translation>
    </message>
    <message>
        <source>Export to</source>
        <translation>내보낼 위치</translation>
    </message>
    <message>
        <source>Choose what to export.</source>
        <translation>내보낼 것을 선택하세요.</translation>
    </message>
    <message>
        <source>Choose at least one variant.</source>
        <translation>변형을 하나 이상 선택하세요.</translation>
    </message>
    <message>
        <source>Choose a folder.</source>
        <translation>폴더를 선택하세요.</translation>
    </message>
    <message>
        <source>Files that are there already are not replaced without asking.</source>
        <translation>이미 있는 파일은 묻지 않고 바꾸지 않습니다.</translation>
    </message>
</context>
<context>
    <name>FilmStrip</name>
    <message>
        <source>Photos</source>
        <translation>사진</translation>
    </message>
    <message>
        <source>Ground Truth…</source>
        <translation>정답 마스크…</translation>
    </message>
    <message>
        <source>Copy Path</source>
        <translation>경로 복사</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>제거</translation>
    </message>
    <message>
        <source>Clear List</source>
        <translation>목록 비우기</translation>
    </message>
</context>
<context>
    <name>FilmStripModel</name>
    <message>
        <source>running</source>
        <translation>실행 중</translation>
    </message>
    <message>
        <source>done</source>
        <translation>완료</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>실패</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>대기 중</translation>
    </message>
</context>
<context>
    <name>Gather</name>
    <message>
        <source>{0}: the folder cannot be read ({1}).</source>
        <translation>{0}: 폴더를 읽을 수 없습니다 ({1}).</translation>
    </message>
    <message>
        <source>{0}: no images in this folder.</source>
        <translation>{0}: 이 폴더에 그림이 없습니다.</translation>
    </message>
</context>
<context>
    <name>Intake</name>
    <message>
        <source>Open photos</source>
        <translation>사진 열기</translation>
    </message>
    <message>
        <source>Images ({0})</source>
        <translation>그림 ({0})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>모든 파일 (*)</translation>
    </message>
    <message>
        <source>Open a folder of photos</source>
        <translation>사진 폴더 열기</translation>
    </message>
    <message>
        <source>Ground truth of {0}</source>
        <translation>{0}의 정답 마스크</translation>
    </message>
    <message>
        <source>Masks (*.png)</source>
        <translation>마스크 (*.png)</translation>
    </message>
    <message>
        <source>Open a checkpoint</source>
        <translation>체크포인트 열기</translation>
    </message>
    <message>
        <source>Checkpoints ({0})</source>
        <translation>체크포인트 ({0})</translation>
    </message>
    <message>
        <source>The clipboard holds neither a picture nor a file; copy one and paste again.</source>
        <translation>클립보드에 그림도 파일도 없습니다. 복사한 뒤 다시 붙여넣으세요.</translation>
    </message>
    <message>
        <source>pasted picture</source>
        <translation>붙여넣은 그림</translation>
    </message>
    <message>
        <source>dropped picture</source>
        <translation>놓은 그림</translation>
    </message>
    <message>
        <source>Looking through {0}…</source>
        <translation>{0} 살펴보는 중…</translation>
    </message>
    <message>
        <source>{0} is now the ground truth of {1}.</source>
        <translation>{0}을(를) {1}의 정답 마스크로 씁니다.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>실행 취소</translation>
    </message>
    <message>
        <source>Open as Photo</source>
        <translation>사진으로 열기</translation>
    </message>
    <message>
        <source>Loading {0}.</source>
        <translation>{0} 불러오는 중입니다.</translation>
    </message>
    <message>
        <source>Compare Both</source>
        <translation>둘 다 비교</translation>
    </message>
    <message>
        <source>There is no picture in what was dropped or pasted.</source>
        <translation>놓거나 붙여넣은 것에 그림이 없습니다.</translation>
    </message>
    <message>
        <source>Fetching from {0}…</source>
        <translation>{0}에서 가져오는 중…</translation>
    </message>
    <message>
        <source>Fetching…</source>
        <translation>가져오는 중…</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Open &amp;Sample</source>
        <translation>예제 열기(&amp;S)</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>확대 비율</translation>
    </message>
    <message>
        <source>Shows what FCN-32s, FCN-16s and FCN-8s make of a photo, from one pass of one net.</source>
        <translation>한 신경망을 한 번 계산하여 FCN-32s, FCN-16s, FCN-8s의 결과를 보여 줍니다.</translation>
    </message>
    <message>
        <source>About FCN Studio</source>
        <translation>FCN Studio 정보</translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>Tools</source>
        <translation>도구</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Notice: {0}</source>
        <translation>알림: {0}</translation>
    </message>
    <message>
        <source>Dismiss this notice</source>
        <translation>이 알림 닫기</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>닫기</translation>
    </message>
</context>
<context>
    <name>OpacitySlider</name>
    <message>
        <source>Opacity</source>
        <translation>불투명도</translation>
    </message>
    <message>
        <source>Opacity of masks, in percent</source>
        <translation>마스크 불투명도(%)</translation>
    </message>
    <message>
        <source>Opacity of masks ([ and ])</source>
        <translation>마스크 불투명도 ([ 와 ])</translation>
    </message>
</context>
<context>
    <name>OutputMenu</name>
    <message>
        <source>Save the view</source>
        <translation>화면 저장</translation>
    </message>
    <message>
        <source>PNG (*.png)</source>
        <translation>PNG (*.png)</translation>
    </message>
    <message>
        <source>SVG (*.svg)</source>
        <translation>SVG (*.svg)</translation>
    </message>
    <message>
        <source>PDF (*.pdf)</source>
        <translation>PDF (*.pdf)</translation>
    </message>
    <message>
        <source>The view was saved as {0}.</source>
        <translation>화면을 {0}(으)로 저장했습니다.</translation>
    </message>
    <message>
        <source>The view was copied.</source>
        <translation>화면을 복사했습니다.</translation>
    </message>
    <message>
        <source>{0} was copied.</source>
        <translation>{0}을(를) 복사했습니다.</translation>
    </message>
    <message>
        <source>{0} files written to {1}.</source>
        <translation>파일 {0}개를 {1}에 저장했습니다.</translation>
    </message>
    <message>
        <source>Stopped. {0}</source>
        <translation>멈췄습니다. {0}</translation>
    </message>
    <message>
        <source>Open Folder</source>
        <translation>폴더 열기</translation>
    </message>
    <message>
        <source>{0} And {1} more failed.</source>
        <translation>{0} 그 밖에 {1}개가 실패했습니다.</translation>
    </message>
</context>
<context>
    <name>Overwrite</name>
    <message>
        <source>Replace files?</source>
        <translation>파일을 바꿀까요?</translation>
    </message>
    <message>
        <source>&amp;Replace</source>
        <translation>바꾸기(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Keep Both</source>
        <translation>둘 다 유지(&amp;K)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>취소</translation>
    </message>
    <message>
        <source>A file of this name is already in {0}.</source>
        <translation>같은 이름의 파일이 이미 {0}에 있습니다.</translation>
    </message>
    <message>
        <source>{0} files of these names are already in {1}.</source>
        <translation>같은 이름의 파일 {0}개가 이미 {1}에 있습니다.</translation>
    </message>
    <message>
        <source>and {0} more</source>
        <translation>외 {0}개</translation>
    </message>
</context>
<context>
    <name>PairPanel</name>
    <message>
        <source>Two masks compared</source>
        <translation>두 마스크 비교</translation>
    </message>
    <message>
        <source>Exchange the two</source>
        <translation>둘을 맞바꾸기</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>이전</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>왼쪽</translation>
    </message>
    <message>
        <source>Newer</source>
        <translation>이후</translation>
    </message>
    <message>
        <source>Right</source>
        <translation>오른쪽</translation>
    </message>
    <message>
        <source>Segmenting…</source>
        <translation>분할하는 중…</translation>
    </message>
    <message>
        <source>Choose two masks to compare</source>
        <translation>비교할 마스크 둘을 고르세요</translation>
    </message>
    <message>
        <source>{0} pixels differ ({1} %)</source>
        <translation>{0}픽셀이 다름 ({1} %)</translation>
    </message>
</context>
<context>
    <name>PaletteMenu</name>
    <message>
        <source>change of palette</source>
        <translation>팔레트 바꾸기</translation>
    </message>
    <message>
        <source>Colour of {0}</source>
        <translation>{0}의 색</translation>
    </message>
    <message>
        <source>colour of {0}</source>
        <translation>{0}의 색</translation>
    </message>
    <message>
        <source>Open a palette</source>
        <translation>팔레트 열기</translation>
    </message>
    <message>
        <source>Palettes (*.toml *.json *.gpl)</source>
        <translation>팔레트 (*.toml *.json *.gpl)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>모든 파일 (*)</translation>
    </message>
    <message>
        <source>Wait until the checkpoint is loaded: its classes are not known yet.</source>
        <translation>체크포인트를 불러올 때까지 기다리세요. 아직 클래스를 알 수 없습니다.</translation>
    </message>
    <message>
        <source>palette {0}</source>
        <translation>팔레트 {0}</translation>
    </message>
    <message>
        <source>Save the palette</source>
        <translation>팔레트 저장</translation>
    </message>
    <message>
        <source>Palettes (*.toml)</source>
        <translation>팔레트 (*.toml)</translation>
    </message>
</context>
<context>
    <name>Panel</name>
    <message>
        <source>Segmenting…</source>
        <translation>분할하는 중…</translation>
    </message>
    <message>
        <source>No mask</source>
        <translation>마스크 없음</translation>
    </message>
</context>
<context>
    <name>RecentMenu</name>
    <message>
        <source>Open &amp;Recent</source>
        <translation>최근 항목 열기(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Clear This List</source>
        <translation>이 목록 비우기(&amp;C)</translation>
    </message>
</context>
<context>
    <name>RunStatus</name>
    <message>
        <source>{0} of {1}</source>
        <translation>{1}장 중 {0}번째</translation>
    </message>
    <message>
        <source>{0} ms</source>
        <translation>{0} ms</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>키보드 단축키</translation>
    </message>
    <message>
        <source>Zoom at the pointer</source>
        <translation>포인터 위치에서 확대</translation>
    </message>
    <message>
        <source>wheel</source>
        <translation>휠</translation>
    </message>
    <message>
        <source>Move the picture</source>
        <translation>그림 옮기기</translation>
    </message>
    <message>
        <source>drag</source>
        <translation>끌기</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>창에 맞춤</translation>
    </message>
    <message>
        <source>double click</source>
        <translation>두 번 클릭</translation>
    </message>
    <message>
        <source>Move the divider of a swipe</source>
        <translation>밀어 보기의 경계 옮기기</translation>
    </message>
    <message>
        <source>Hide a class, show it alone</source>
        <translation>클래스 숨기기, 그것만 보기</translation>
    </message>
    <message>
        <source>click, Alt+click in the legend</source>
        <translation>범례에서 클릭, Alt+클릭</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>동작</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>키</translation>
    </message>
</context>
<context>
    <name>StageProgress</name>
    <message>
        <source>Cancel</source>
        <translation>취소</translation>
    </message>
    <message>
        <source>Stop at the next stage (Esc)</source>
        <translation>다음 단계에서 멈춤 (Esc)</translation>
    </message>
    <message>
        <source>{0} done · {1} %</source>
        <translation>{0} 끝남 · {1} %</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>멈추는 중…</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Loading {0}…</source>
        <translation>{0} 불러오는 중…</translation>
    </message>
    <message>
        <source>Loading PyTorch…</source>
        <translation>PyTorch 불러오는 중…</translation>
    </message>
    <message>
        <source>Segmenting…</source>
        <translation>분할하는 중…</translation>
    </message>
    <message>
        <source>Exporting: {0} of {1} photos</source>
        <translation>내보내는 중: 사진 {1}장 중 {0}장</translation>
    </message>
</context>
<context>
    <name>SwipeCanvas</name>
    <message>
        <source>Divider at {0} %</source>
        <translation>경계 {0} %</translation>
    </message>
</context>
<context>
    <name>Workspace</name>
    <message>
        <source>{0} was removed from the list.</source>
        <translation>{0}을(를) 목록에서 뺐습니다.</translation>
    </message>
    <message>
        <source>{0} photos were removed from the list.</source>
        <translation>사진 {0}장을 목록에서 뺐습니다.</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>실행 취소</translation>
    </message>
</context>
</TS>
